//! Checks at every replica whether a set of policies is in force.

use std::io::Error;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::{Client, Response, StatusCode};
use tokio::net::lookup_host;
use tokio::time::{sleep, timeout};

/// Timeout for one replica, which answers in milliseconds. It is short so that an unreachable
/// replica does not use up the time of the others.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum size of a replica's metrics, which are tens of kilobytes.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// The operations listener of all replicas: a name with an address for each, or one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replicas {
    host: String,
    port: u16,
}

impl FromStr for Replicas {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not HOST:PORT, such as portcullis-authz:9104");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().map_err(|_| wrong())?;
        if host.is_empty() {
            Err(wrong())
        } else {
            Ok(Self {
                host: host.to_owned(),
                port,
            })
        }
    }
}

impl Replicas {
    /// Waits until every replica serves `version`, and returns how many there are.
    ///
    /// # Errors
    ///
    /// After `within`: one error for each replica that does not serve `version`.
    pub(crate) async fn all_serve(
        &self,
        version: &str,
        within: Duration,
    ) -> Result<usize, Vec<String>> {
        let no_client = |error: reqwest::Error| vec![format!("no HTTP client: {error}")];
        let client = Client::builder()
            .no_proxy()
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(no_client)?;
        let begun = Instant::now();
        loop {
            let failures = match self.poll(&client, version).await {
                Ok(number) => return Ok(number),
                Err(failures) => failures,
            };
            if begun.elapsed() >= within {
                return Err(failures);
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn poll(&self, client: &Client, version: &str) -> Result<usize, Vec<String>> {
        let unknown = |problem: String| {
            vec![format!(
                "{}: the host cannot be found: {problem}",
                self.host
            )]
        };
        let found =
            match timeout(ANSWER_TIMEOUT, lookup_host((self.host.as_str(), self.port))).await {
                Ok(found) => found.map_err(|error: Error| unknown(error.to_string()))?,
                Err(_) => return Err(unknown(format!("no answer within {ANSWER_TIMEOUT:?}"))),
            };
        let addresses: Vec<SocketAddr> = found.collect();
        if addresses.is_empty() {
            return Err(unknown("it has no address".to_owned()));
        }
        let polls = addresses.iter().map(|address| async move {
            match version_at(client, *address).await {
                Ok(served) if served == version => None,
                Ok(served) => Some(format!(
                    "{address}: serves version {served} instead of {version}"
                )),
                Err(problem) => Some(format!("{address}: {problem}")),
            }
        });
        let failures: Vec<String> = join_all(polls).await.into_iter().flatten().collect();
        if failures.is_empty() {
            Ok(addresses.len())
        } else {
            Err(failures)
        }
    }
}

async fn version_at(client: &Client, address: SocketAddr) -> Result<String, String> {
    let request = client.get(format!("http://{address}/metrics"));
    let response = request
        .send()
        .await
        .map_err(|error| format!("no answer: {}", error.without_url()))?;
    if response.status() != StatusCode::OK {
        return Err(format!("answered {}", response.status()));
    }
    let text = text(response).await?;
    served_version(&text)
        .map(str::to_owned)
        .ok_or_else(|| "has no portcullis_policy_version yet".to_owned())
}

async fn text(mut response: Response) -> Result<String, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| format!("no answer: {}", error.without_url()))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(format!("answered more than {LARGEST_ANSWER} bytes"));
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn served_version(metrics: &str) -> Option<&str> {
    let labels = metrics
        .lines()
        .find_map(|line| line.strip_prefix("portcullis_policy_version{version=\""))?;
    labels.split('"').next()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::{Replicas, served_version};

    #[test]
    fn replicas_parse_host_and_port() {
        struct Case {
            name: &'static str,
            text: &'static str,
            expected: Option<(&'static str, u16)>,
        }

        for Case {
            name,
            text,
            expected,
        } in [
            Case {
                name: "host and port",
                text: "portcullis-authz:9104",
                expected: Some(("portcullis-authz", 9104)),
            },
            Case {
                name: "IPv6 address and port",
                text: "[::1]:9104",
                expected: Some(("::1", 9104)),
            },
            Case {
                name: "no port",
                text: "portcullis-authz",
                expected: None,
            },
            Case {
                name: "no host",
                text: ":9104",
                expected: None,
            },
            Case {
                name: "empty port",
                text: "portcullis-authz:",
                expected: None,
            },
            Case {
                name: "port out of range",
                text: "portcullis-authz:99999",
                expected: None,
            },
        ] {
            let replicas = text.parse::<Replicas>().ok();
            let found = replicas
                .as_ref()
                .map(|replicas| (replicas.host.as_str(), replicas.port));
            assert_eq!(found, expected, "{name}: {text}");
        }
    }

    #[tokio::test]
    async fn replica_with_another_version_is_reported() {
        struct Case {
            name: &'static str,
            body: &'static str,
            version: &'static str,
            problem: Option<&'static str>,
        }

        let metrics = "# HELP portcullis_policy_version ..\n\
                       portcullis_policy_version{version=\"0123456789ab\"} 1\n";
        assert_eq!(served_version(metrics), Some("0123456789ab"));
        for Case {
            name,
            body,
            version,
            problem,
        } in [
            Case {
                name: "the newest",
                body: metrics,
                version: "0123456789ab",
                problem: None,
            },
            Case {
                name: "an older one",
                body: metrics,
                version: "ba9876543210",
                problem: Some("serves version 0123456789ab instead of ba9876543210"),
            },
            Case {
                name: "none yet",
                body: "up 1\n",
                version: "0123456789ab",
                problem: Some("has no portcullis_policy_version yet"),
            },
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let replicas: Replicas = listener.local_addr().unwrap().to_string().parse().unwrap();
            let router = Router::new().route("/metrics", get(move || async move { body }));
            tokio::spawn(async move { axum::serve(listener, router).await });
            let result = replicas.all_serve(version, Duration::ZERO).await;
            match problem {
                None => assert_eq!(result, Ok(1), "{name}"),
                Some(problem) => assert!(result.unwrap_err().join("").contains(problem), "{name}"),
            }
        }
        let closed: Replicas = "127.0.0.1:1".parse().unwrap();
        assert!(
            closed
                .all_serve("x", Duration::ZERO)
                .await
                .unwrap_err()
                .join("")
                .contains("127.0.0.1:1: no answer")
        );
    }
}
