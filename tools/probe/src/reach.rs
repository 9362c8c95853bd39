use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::time::Duration;

/// Number of attempts at once. An attempt whose packets are dropped takes its whole timeout.
const AT_ONCE: usize = 64;
/// A DNS query for the name servers of the root (RFC 1035 §4.1). A name server answers it, and
/// `listen` echoes it.
const DATAGRAM: &[u8] = b"\x70\x63\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";
/// Number of datagrams to send, because one may be lost by chance.
const DATAGRAMS: usize = 2;

/// The addresses and ports to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Reach {
    /// Try these addresses.
    #[arg(
        long,
        value_name = "ADDRESS,..",
        value_delimiter = ',',
        required = true
    )]
    addresses: Vec<IpAddr>,
    /// Try these ports at each address.
    #[arg(long, value_name = "PORT,..", value_delimiter = ',', required = true)]
    ports: Vec<u16>,
    /// Wait at most this long for one attempt.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        value_parser = humantime::parse_duration
    )]
    timeout: Duration,
}

impl Reach {
    /// Prints one line for each port that answers, and `done` at the end.
    pub(crate) fn run(&self, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
        let sockets = self.addresses.iter().flat_map(|address| {
            self.ports
                .iter()
                .map(|port| SocketAddr::new(*address, *port))
        });
        let attempts = Mutex::new(sockets.flat_map(|socket| [("TCP", socket), ("UDP", socket)]));
        let found = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some((protocol, socket)) =
                        attempts.lock().ok().and_then(|mut rest| rest.next())
                    {
                        let answers = if protocol == "TCP" {
                            self.connects(socket)
                        } else {
                            self.replies(socket)
                        };
                        if answers && let Ok(mut found) = found.lock() {
                            found.push((protocol, socket));
                        }
                    }
                });
            }
        });
        for (protocol, socket) in found.into_inner().unwrap_or_default() {
            writeln!(out, "open {protocol} {socket}")?;
        }
        writeln!(out, "done")?;
        Ok(())
    }

    fn connects(&self, socket: SocketAddr) -> bool {
        TcpStream::connect_timeout(&socket, self.timeout).is_ok()
    }

    fn replies(&self, socket: SocketAddr) -> bool {
        let own: SocketAddr = if socket.is_ipv4() {
            ([0; 4], 0).into()
        } else {
            ([0_u16; 8], 0).into()
        };
        let ask = || {
            let from = UdpSocket::bind(own)?;
            from.set_read_timeout(Some(self.timeout))?;
            from.connect(socket)?;
            from.send(DATAGRAM)?;
            from.recv(&mut [0; 512])
        };
        (0..DATAGRAMS).any(|_| ask().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::time::Duration;

    use super::Reach;
    use crate::listen::Listen;

    #[test]
    fn reach_finds_only_listening_ports() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        // UDP is free where TCP is taken.
        let mut said = Vec::new();
        let address = "127.0.0.1".parse().unwrap();
        Listen {
            addresses: vec![address],
            ports: vec![port],
        }
        .start(&mut said)
        .unwrap();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            format!("taken TCP 127.0.0.1:{port}\nlistening UDP 127.0.0.1:{port}\n")
        );
        let shut = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut said = Vec::new();
        let reach = Reach {
            addresses: vec![address],
            ports: vec![port, shut],
            timeout: Duration::from_secs(2),
        };
        reach.run(&mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        let mut lines: Vec<_> = said.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "done",
                &format!("open TCP 127.0.0.1:{port}"),
                &format!("open UDP 127.0.0.1:{port}")
            ]
        );
    }
}
