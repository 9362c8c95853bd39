use std::io::{ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// The ports to answer on. A port that listens and seems closed is closed by a network policy.
#[derive(Debug, clap::Args)]
pub(crate) struct Listen {
    /// Listen on these addresses of this pod. Other addresses stay free for another program, such
    /// as loopback.
    #[arg(
        long,
        value_name = "ADDRESS,..",
        value_delimiter = ',',
        required = true
    )]
    pub(crate) addresses: Vec<IpAddr>,
    /// Answer on these ports over TCP and UDP.
    #[arg(value_name = "PORT,..", value_delimiter = ',', required = true)]
    pub(crate) ports: Vec<u16>,
}

impl Listen {
    #[expect(
        clippy::disallowed_methods,
        reason = "no runtime whose worker it could block"
    )]
    pub(crate) fn run(&self, out: &mut impl Write) -> anyhow::Result<()> {
        self.start(out)?;
        writeln!(out, "ready")?;
        loop {
            std::thread::sleep(DAY);
        }
    }

    /// Listens on each port. Prints whether it listens, is taken by another program, or is
    /// forbidden.
    pub(crate) fn start(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for address in &self.addresses {
            for port in &self.ports {
                let socket = SocketAddr::new(*address, *port);
                writeln!(
                    out,
                    "{} TCP {socket}",
                    said(TcpListener::bind(socket).map(accept))?
                )?;
                writeln!(
                    out,
                    "{} UDP {socket}",
                    said(UdpSocket::bind(socket).map(echo))?
                )?;
            }
        }
        Ok(())
    }
}

fn said(outcome: std::io::Result<()>) -> std::io::Result<&'static str> {
    match outcome {
        Ok(()) => Ok("listening"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Ok("taken"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok("forbidden"),
        Err(error) => Err(error),
    }
}

fn accept(listener: TcpListener) {
    std::thread::spawn(move || while listener.accept().is_ok() {});
}

fn echo(socket: UdpSocket) {
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        // An error concerns one datagram, such as a reply whose receiver has closed its port.
        loop {
            if let Ok((length, from)) = socket.recv_from(&mut bytes) {
                let _sent = socket.send_to(bytes.get(..length).unwrap_or_default(), from);
            }
        }
    });
}
