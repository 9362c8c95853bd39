use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::http::{Answer, Request, ask, ask_securely};
use crate::target::{Expectation, Scheme, Target};

/// Identity headers that would make the client an Admin if a service believed them.
const FORGED: &str = "X-User-OID: aaaaaaaa-0001-4000-8000-000000000001\r\n\
                      X-User-Name: Forged\r\nX-User-Roles: Admin\r\n\
                      X-Tenant-ID: 11111111-1111-4111-8111-111111111111\r\n";
const PAUSE: Duration = Duration::from_millis(500);

/// The addresses that must answer, and those that must not.
#[derive(Debug, clap::Args)]
pub(crate) struct Attempts {
    /// Require this status from this URL (repeatable).
    #[arg(long, value_name = "URL=STATUS")]
    answers: Vec<Expectation>,
    /// Require that a network policy closes this port at every address of the host (repeatable).
    #[arg(long, value_name = "HOST:PORT[/PATH]")]
    closed: Vec<Target>,
    /// Require that this target denies forged headers, if this pod reaches it (repeatable).
    #[arg(long, value_name = "HOST:PORT/PATH")]
    denies: Vec<Target>,
    /// Require that this port listens only within its own pod (repeatable).
    #[arg(long, value_name = "HOST:PORT")]
    loopback: Vec<Target>,
    /// Print what this test leaves out, and which value leaves it out (repeatable).
    #[arg(long, value_name = "TEXT")]
    not_tried: Vec<String>,
    /// Wait at most this long for one attempt.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        value_parser = humantime::parse_duration
    )]
    timeout: Duration,
    /// Wait at most this long for --answers: the network policies of a new pod may not be in force
    /// yet.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "30s",
        value_parser = humantime::parse_duration
    )]
    patience: Duration,
}

impl Attempts {
    pub(crate) fn run(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for what in &self.not_tried {
            writeln!(out, "NOT TRIED: {what}")?;
        }
        if self.answers.is_empty() {
            bail!(
                "no --answers: if no packet leaves this pod, every port looks closed; \
                 give a URL that must answer"
            );
        }
        // First, because closed ports prove something only if this pod can send packets.
        for expected in &self.answers {
            self.await_open(out, &expected.target, |address| {
                self.check_answer(address, expected)
            })?;
        }
        let (tried, opened) = self.connect_to_each(out, &self.closed)?;
        let believed = self.forge(out)?;
        let (_, listening) = self.connect_to_each(out, &self.loopback)?;
        if believed > 0 {
            bail!(
                "{believed} addresses do not deny forged headers; see above. \
                 A service behind the gateway must verify the assertion"
            );
        }
        if listening > 0 {
            bail!(
                "{listening} addresses accept connections that should listen within their own pod \
                 only; see above"
            );
        }
        conclude(out, tried, opened)
    }

    /// Sends forged headers to each address of `denies`. Returns how many answer with anything but
    /// a denial.
    fn forge(&self, out: &mut impl Write) -> anyhow::Result<usize> {
        let mut believed = 0;
        for target in &self.denies {
            for address in resolve(target)? {
                let authority = &target.authority;
                let Ok(stream) = TcpStream::connect_timeout(&address, self.timeout) else {
                    writeln!(out, "ok: {authority} ({address}) is closed")?;
                    continue;
                };
                let answer = self.forged_by_any_method(stream, target);
                let denied = answer
                    .as_ref()
                    .is_ok_and(|answer| matches!(answer.status, 401 | 403));
                believed += usize::from(!denied);
                let mark = if denied { "ok" } else { "NOT DENIED" };
                writeln!(
                    out,
                    "{mark}: {authority} ({address}): {}",
                    describe(&answer)
                )?;
            }
        }
        Ok(believed)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "no runtime whose worker it could block"
    )]
    fn await_open(
        &self,
        out: &mut impl Write,
        target: &Target,
        attempt: impl Fn(SocketAddr) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let until = Instant::now() + self.patience;
        loop {
            let outcome = target
                .addresses()
                .map_err(anyhow::Error::from)
                .and_then(|all| all.into_iter().try_for_each(&attempt));
            match outcome {
                Ok(()) => {
                    writeln!(out, "ok: {}{} answers", target.authority, target.path)?;
                    return Ok(());
                }
                Err(error) if Instant::now() >= until => {
                    return Err(error).with_context(|| {
                        format!(
                            "the gateway does not answer as required: {}{}",
                            target.authority, target.path
                        )
                    });
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    fn check_answer(&self, address: SocketAddr, expected: &Expectation) -> anyhow::Result<()> {
        let Target { authority, path } = &expected.target;
        let request = Request {
            method: "GET",
            authority,
            path,
            headers: FORGED,
        };
        let answer = match expected.scheme {
            Scheme::Http => ask(address, &request, self.timeout)?,
            Scheme::Https => ask_securely(address, &request, self.timeout)?,
        };
        if answer.status != expected.status {
            bail!("answered {}, not {}", answer.status, expected.status);
        }
        Ok(())
    }

    /// Connects to each address. Returns how many it tried, and how many accepted a connection.
    fn connect_to_each(
        &self,
        out: &mut impl Write,
        targets: &[Target],
    ) -> anyhow::Result<(usize, usize)> {
        let mut tried = 0;
        let mut opened = 0;
        for target in targets {
            for address in resolve(target)? {
                tried += 1;
                match TcpStream::connect_timeout(&address, self.timeout) {
                    Ok(stream) => {
                        opened += 1;
                        writeln!(
                            out,
                            "OPEN: {} ({address}): {}",
                            target.authority,
                            describe(&self.forged_by_any_method(stream, target))
                        )?;
                    }
                    Err(error) => writeln!(
                        out,
                        "ok: {} ({address}) is closed: {error}",
                        target.authority
                    )?,
                }
            }
        }
        Ok((tried, opened))
    }

    /// Sends forged headers with GET, and with POST after a 405. A route for POST only answers 405
    /// before it verifies the caller.
    fn forged_by_any_method(&self, stream: TcpStream, target: &Target) -> std::io::Result<Answer> {
        let Target { authority, path } = target;
        let request = |method| Request {
            method,
            authority,
            path,
            headers: FORGED,
        };
        let address = stream.peer_addr()?;
        let answer = request("GET").send(stream, self.timeout)?;
        if answer.status != 405 {
            return Ok(answer);
        }
        request("POST").send(
            TcpStream::connect_timeout(&address, self.timeout)?,
            self.timeout,
        )
    }
}

fn resolve(target: &Target) -> anyhow::Result<Vec<SocketAddr>> {
    target.addresses().with_context(|| {
        format!(
            "{}: nothing was tried, because it cannot be resolved; are its pods ready?",
            target.authority
        )
    })
}

/// Fails if an address behind the gateway accepts connections.
fn conclude(out: &mut impl Write, tried: usize, opened: usize) -> anyhow::Result<()> {
    if tried > 0 && opened == tried {
        bail!(
            "THIS CLUSTER ENFORCES NO NETWORK POLICIES: all {tried} addresses behind the gateway \
             accept connections from this pod. The network plugin must enforce NetworkPolicy \
             (Cilium, Calico, kube-router, kindnet of kind 0.24 or newer)"
        );
    }
    if opened > 0 {
        bail!(
            "{opened} of {tried} addresses behind the gateway accept connections from this pod; \
             see above"
        );
    }
    if tried > 0 {
        writeln!(
            out,
            "ok: the gateway answers, and all {tried} addresses behind it are closed"
        )?;
    }
    Ok(())
}

/// The result of a request with forged headers that the network let pass.
fn describe(answer: &std::io::Result<Answer>) -> String {
    match answer {
        Ok(answer) if matches!(answer.status, 401 | 403) => {
            format!(
                "reached, and it denied forged headers with {}",
                answer.status
            )
        }
        Ok(answer) => format!(
            "reached, and it answered forged headers with {}",
            answer.status
        ),
        Err(error) => format!("reached: {error}"),
    }
}

#[cfg(test)]
mod tests;
