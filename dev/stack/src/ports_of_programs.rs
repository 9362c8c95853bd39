use std::net::{Ipv4Addr, SocketAddr};

/// A listening port of a program of this project, for tests of the port itself.
#[derive(Clone, Copy, Debug)]
pub struct ProgramPort {
    /// The program.
    pub program: &'static str,
    /// Its process id.
    pub process: u32,
    /// The `listener` label of its metrics.
    pub listener: &'static str,
    /// Its address.
    pub address: SocketAddr,
    /// The address of the program's operations, with the metrics.
    pub operations: SocketAddr,
    /// Its protocol.
    pub speaks: Speaks,
}

/// The protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP, which answers a `GET` of this path.
    Http(&'static str),
    /// HTTP over TLS, which answers a `GET` of this path.
    Https(&'static str),
    /// gRPC.
    Grpc,
}

/// The ports of one program: `listeners` by name, port and protocol, and the operations port.
pub(crate) fn of_program<const N: usize>(
    (program, process): (&'static str, u32),
    operations: u16,
    listeners: [(&'static str, u16, Speaks); N],
) -> impl Iterator<Item = ProgramPort> {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let all = listeners
        .into_iter()
        .chain([("operations", operations, Speaks::Http("/livez"))]);
    all.map(move |(listener, port, speaks)| ProgramPort {
        program,
        process,
        listener,
        address: local(port),
        operations: local(operations),
        speaks,
    })
}
