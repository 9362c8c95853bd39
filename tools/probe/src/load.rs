use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::session::Session;
use crate::target::Expectation;

const REPORT: Duration = Duration::from_secs(1);

/// Requests at a steady rate, each of which must get the expected status.
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// Send requests to this URL; this status counts as success.
    #[arg(value_name = "URL=STATUS")]
    target: Expectation,
    /// Use this method.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// Send this header, `NAME: VALUE` (repeatable).
    #[arg(long, value_name = "LINE")]
    header: Vec<String>,
    /// Send this body.
    #[arg(long, value_name = "TEXT", default_value = "")]
    body: String,
    /// Send this many requests a second over all connections.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 500,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    rate: u32,
    /// Open this many connections.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(1..=256)
    )]
    connections: u32,
    /// Send requests for this long.
    #[arg(
        long = "for",
        value_name = "TIME",
        default_value = "60s",
        value_parser = humantime::parse_duration
    )]
    period: Duration,
    /// Count a request that takes longer as failed.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        value_parser = humantime::parse_duration
    )]
    timeout: Duration,
}

/// The result of one request: when it was due, and how long after that it ended.
struct Outcome {
    due: Duration,
    took: Duration,
    failure: Option<String>,
}

impl Load {
    /// Prints each failure at once, and the counts every second. Does not retry, because a client
    /// may not be able to retry either.
    pub(crate) fn run(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let start = Instant::now();
        let (sender, outcomes) = channel();
        std::thread::scope(|scope| {
            for number in 0..self.connections {
                let sender = sender.clone();
                scope.spawn(move || self.one_connection(number, start, &sender));
            }
            drop(sender);
            report(out, start, &outcomes)
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "no runtime whose worker it could block"
    )]
    fn one_connection(&self, number: u32, start: Instant, sender: &Sender<Outcome>) {
        let request = self.request();
        let mut session = None;
        let every = Duration::from_secs(1) * self.connections / self.rate;
        // The connections take turns, so that they do not all send at the same moment.
        let mut due = every * number / self.connections;
        while due < self.period {
            std::thread::sleep(due.saturating_sub(start.elapsed()));
            let failure = self
                .ask(&mut session, &request)
                .err()
                .map(|error| format!("{error:#}"));
            // The receiver ends last, so that this cannot fail.
            let _sent = sender.send(Outcome {
                due,
                took: start.elapsed().saturating_sub(due),
                failure,
            });
            due += every;
        }
    }

    fn ask(&self, session: &mut Option<Session>, request: &[u8]) -> anyhow::Result<()> {
        let mut open = match session.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        let reply = open.ask(request)?;
        if !reply.last {
            *session = Some(open);
        }
        anyhow::ensure!(
            reply.status == self.target.status,
            "answered {}, not {}",
            reply.status,
            self.target.status
        );
        Ok(())
    }

    fn connect(&self) -> anyhow::Result<Session> {
        let addresses = self.target.target.addresses()?;
        let address = addresses
            .first()
            .ok_or_else(|| anyhow::anyhow!("the name has no address"))?;
        Ok(Session::open(*address, self.timeout)?)
    }

    fn request(&self) -> Vec<u8> {
        let Self { method, body, .. } = self;
        let target = &self.target.target;
        let headers: String = self
            .header
            .iter()
            .flat_map(|line| [line.as_str(), "\r\n"])
            .collect();
        let path = &target.path;
        let host = &target.authority;
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Prints the outcomes until every connection is done. Fails if a request failed.
fn report(
    out: &mut impl Write,
    start: Instant,
    outcomes: &Receiver<Outcome>,
) -> anyhow::Result<()> {
    let mut answered = 0_u64;
    let mut failed = 0_u64;
    let mut slowest = Duration::ZERO;
    let mut next = REPORT;
    loop {
        let outcome = outcomes.recv_timeout(next.saturating_sub(start.elapsed()));
        if let Ok(Outcome { due, took, failure }) = &outcome {
            slowest = slowest.max(*took);
            match failure {
                None => answered += 1,
                Some(why) => {
                    failed += 1;
                    writeln!(
                        out,
                        "failed at {:.3}: {why} (after {} ms)",
                        due.as_secs_f64(),
                        took.as_millis()
                    )?;
                }
            }
        }
        let ended = matches!(outcome, Err(RecvTimeoutError::Disconnected));
        if ended || start.elapsed() >= next {
            let at = start.elapsed().as_secs();
            let slow = slowest.as_millis();
            writeln!(
                out,
                "at {at}: {answered} answered, {failed} failed in all; \
                 slowest {slow} ms since the last line"
            )?;
            slowest = Duration::ZERO;
            next += REPORT;
        }
        if ended {
            anyhow::ensure!(
                failed == 0,
                "{failed} of {} requests failed; see above",
                answered + failed
            );
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    use super::Load;

    /// Starts a server that answers one request after another with these statuses in a cycle. At
    /// status 0 it closes the connection without a response.
    fn server(statuses: &'static [u16]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut statuses = statuses.iter().cycle();
            while let Ok((stream, _)) = listener.accept() {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines
                    .by_ref()
                    .take_while(|line| line.as_ref().is_ok_and(|text| !text.is_empty()))
                    .count()
                    > 0
                {
                    let Some(status) = statuses.next().filter(|status| **status > 0) else {
                        break;
                    };
                    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 2\r\n\r\nok");
                    (&stream).write_all(answer.as_bytes()).unwrap();
                }
            }
        });
        address
    }

    #[test]
    fn load_counts_unexpected_answers_as_failed() {
        struct Case {
            name: &'static str,
            statuses: &'static [u16],
            succeeds: bool,
            words: &'static str,
        }

        for Case {
            name,
            statuses,
            succeeds,
            words,
        } in [
            Case {
                name: "all expected",
                statuses: &[200],
                succeeds: true,
                words: "20 answered, 0 failed",
            },
            Case {
                name: "half unexpected",
                statuses: &[200, 503],
                succeeds: false,
                words: "10 answered, 10 failed",
            },
            Case {
                name: "a quarter not answered",
                statuses: &[200, 200, 200, 0],
                succeeds: false,
                words: "15 answered, 5 failed",
            },
        ] {
            let load = Load {
                target: format!("http://{}/=200", server(statuses)).parse().unwrap(),
                method: "GET".to_owned(),
                header: vec!["a: b".to_owned()],
                body: String::new(),
                rate: 100,
                connections: 1,
                period: Duration::from_millis(200),
                timeout: Duration::from_secs(5),
            };
            let mut said = Vec::new();
            assert_eq!(load.run(&mut said).is_ok(), succeeds, "{name}");
            assert!(String::from_utf8(said).unwrap().contains(words), "{name}");
        }
    }
}
