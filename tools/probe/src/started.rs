use std::io::Write;
use std::net::SocketAddr;

use anyhow::bail;

use crate::envoy_admin::EnvoyAdmin;

/// The clusters that an Envoy must reach before its first request.
///
/// Envoy reports ready once it has its configuration. In a test, 200 of 200 requests got 503 from
/// gateways that had replaced healthy ones while they could reach neither DNS nor the authz server.
#[derive(Debug, clap::Args)]
pub(crate) struct Started {
    /// Envoy's admin address.
    #[arg(value_name = "ADDRESS")]
    admin: SocketAddr,
    /// Require a healthy endpoint of this cluster (repeatable).
    #[arg(long, value_name = "CLUSTER")]
    healthy: Vec<String>,
    /// Require a DNS answer for this cluster, even one without pods (repeatable). An upstream
    /// without pods must not keep the gateway from serving the others.
    #[arg(long, value_name = "CLUSTER")]
    looked_up: Vec<String>,
}

impl Started {
    pub(crate) fn run(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let admin = EnvoyAdmin(self.admin);
        admin.get("/ready")?;
        let lacking = |clusters: &[String], statistic: &str| -> anyhow::Result<Vec<String>> {
            let mut lacking = Vec::new();
            for cluster in clusters {
                if admin.statistic(&format!("cluster.{cluster}.{statistic}"))? == 0 {
                    lacking.push(cluster.clone());
                }
            }
            Ok(lacking)
        };
        let unhealthy = lacking(&self.healthy, "membership_healthy")?;
        // Envoy 1.40 counts a DNS answer without addresses as a success, and no answer as a
        // failure.
        let unanswered = lacking(&self.looked_up, "update_success")?;
        let problems = [
            ("no healthy endpoint", unhealthy),
            ("no answer from DNS", unanswered),
        ];
        let problems: Vec<String> = problems
            .into_iter()
            .filter(|(_, clusters)| !clusters.is_empty())
            .map(|(problem, clusters)| format!("{problem}: {}", clusters.join(", ")))
            .collect();
        if !problems.is_empty() {
            bail!("the gateway cannot serve yet; {}", problems.join("; "));
        }
        writeln!(out, "the gateway can serve")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener};

    use super::Started;

    /// An Envoy whose cluster `up` has a healthy endpoint and `down` none, while DNS has not
    /// answered for `nowhere`.
    fn envoy(ready: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                let number = |cluster: &str, statistic: &str| {
                    let name = format!("cluster\\.{cluster}\\.{statistic}");
                    line.contains(&name).then(|| name.replace('\\', ""))
                };
                let numbers = [
                    ("up", "membership_healthy", 1),
                    ("up", "update_success", 2),
                    ("down", "membership_healthy", 0),
                    ("down", "update_success", 1),
                    ("nowhere", "membership_healthy", 0),
                    ("nowhere", "update_success", 0),
                ];
                let found = numbers.iter().find_map(|(cluster, statistic, value)| {
                    Some(format!("{}: {value}\n", number(cluster, statistic)?))
                });
                let status = if line.starts_with("GET /ready ") && !ready {
                    503
                } else {
                    200
                };
                let body = found.unwrap_or_default();
                write!(
                    stream,
                    "HTTP/1.1 {status} -\r\nconnection: close\r\n\r\n{body}"
                )
                .unwrap();
            }
        });
        address
    }

    #[test]
    fn gateway_starts_with_a_healthy_authz_server_and_dns() {
        struct Case {
            name: &'static str,
            ready: bool,
            healthy: &'static [&'static str],
            looked_up: &'static [&'static str],
            problem: Option<&'static str>,
        }

        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for Case {
            name,
            ready,
            healthy,
            looked_up,
            problem,
        } in [
            Case {
                name: "all is there",
                ready: true,
                healthy: &["up"],
                looked_up: &["up", "down"],
                problem: None,
            },
            Case {
                name: "Envoy is not ready",
                ready: false,
                healthy: &["up"],
                looked_up: &[],
                problem: Some("/ready: answered 503"),
            },
            Case {
                name: "no authz server is well",
                ready: true,
                healthy: &["down"],
                looked_up: &["up"],
                problem: Some("no healthy endpoint: down"),
            },
            Case {
                name: "no authz server is found",
                ready: true,
                healthy: &["nowhere"],
                looked_up: &["up"],
                problem: Some("no healthy endpoint: nowhere"),
            },
            Case {
                name: "DNS is away",
                ready: true,
                healthy: &["up"],
                looked_up: &["up", "nowhere"],
                problem: Some("no answer from DNS: nowhere"),
            },
            Case {
                name: "neither",
                ready: true,
                healthy: &["down"],
                looked_up: &["nowhere"],
                problem: Some("endpoint: down; no answer from DNS: nowhere"),
            },
            Case {
                name: "a cluster that Envoy lacks",
                ready: true,
                healthy: &["other"],
                looked_up: &[],
                problem: Some("cluster.other.membership_healthy"),
            },
        ] {
            let started = Started {
                admin: envoy(ready),
                healthy: names(healthy),
                looked_up: names(looked_up),
            };
            let outcome = started.run(&mut Vec::new());
            let said = outcome.err().map(|error| format!("{error:#}"));
            assert_eq!(said.is_some(), problem.is_some(), "{name}: {said:?}");
            assert!(
                said.unwrap_or_default()
                    .contains(problem.unwrap_or_default()),
                "{name}"
            );
        }
    }
}
