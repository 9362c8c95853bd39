use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::session::Session;
use crate::target::Expectation;

const REPORT: Duration = Duration::from_secs(1);

/// Requests at a steady rate, each of which must be answered as it should be.
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// What to ask, and the status that counts as success.
    #[arg(value_name = "URL=STATUS")]
    target: Expectation,
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// A header, `NAME: VALUE`. May be repeated.
    #[arg(long, value_name = "LINE")]
    header: Vec<String>,
    #[arg(long, value_name = "TEXT", default_value = "")]
    body: String,
    /// Requests a second, of all connections together.
    #[arg(long, value_name = "NUMBER", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    connections: u32,
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    period: Duration,
    /// Longest time for one request; a longer one has failed.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// When a request was due, and how long after that its answer had come.
struct Outcome {
    due: Duration,
    took: Duration,
    failure: Option<String>,
}

impl Load {
    /// Says every second how many were answered; each failure at once. Nothing is tried a second
    /// time: a client may not be able to either.
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
        // The connections take turns, so that they don't all ask at the same moment.
        let mut due = every * number / self.connections;
        while due < self.period {
            std::thread::sleep(due.saturating_sub(start.elapsed()));
            let failure = self
                .ask(&mut session, &request)
                .err()
                .map(|error| format!("{error:#}"));
            // The report ends last, so that there is always somebody to tell.
            let _told = sender.send(Outcome {
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
        let (method, target, body) = (&self.method, &self.target.target, &self.body);
        let headers: String = self
            .header
            .iter()
            .flat_map(|line| [line.as_str(), "\r\n"])
            .collect();
        let (path, host, length) = (&target.path, &target.authority, body.len());
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
            .into_bytes()
    }
}

/// Until every connection is done.
fn report(
    out: &mut impl Write,
    start: Instant,
    outcomes: &Receiver<Outcome>,
) -> anyhow::Result<()> {
    let (mut answered, mut failed, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
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
            let (at, slow) = (start.elapsed().as_secs(), slowest.as_millis());
            writeln!(
                out,
                "at {at}: {answered} answered, {failed} failed in all; slowest {slow} ms since the last line"
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

    /// Answers one request after another with these statuses, `0` being a connection that closes
    /// without a word, and then starts over.
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
    fn what_is_not_answered_as_it_should_be_has_failed() {
        for (statuses, succeeds, words) in [
            (&[200][..], true, "20 answered, 0 failed"),
            (&[200, 503], false, "10 answered, 10 failed"),
            (&[200, 200, 200, 0], false, "15 answered, 5 failed"),
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
            assert_eq!(load.run(&mut said).is_ok(), succeeds, "{statuses:?}");
            assert!(
                String::from_utf8(said).unwrap().contains(words),
                "{statuses:?}"
            );
        }
    }
}
