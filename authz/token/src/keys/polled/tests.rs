use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::replicas::{Replica, replicas};
use super::{KEEP_UNANSWERED, PolledKeySet};
use crate::{Algorithm, FetchError, KeySource};

#[derive(Clone, Copy)]
enum Behaviour {
    Publishes(&'static [&'static str]),
    Closes,
    Hangs,
}
use Behaviour::{Closes, Hangs, Publishes};

/// Replicas of an authz server: one port at several addresses of this machine.
struct Replicas {
    url: String,
    behaviours: Vec<Arc<Mutex<Behaviour>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Replicas {
    fn start(behaviours: &[Behaviour]) -> Self {
        let mut port = 0;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let start = |(number, behaviour): (usize, &Behaviour)| {
            let listener = TcpListener::bind((address(number), port)).unwrap();
            port = listener.local_addr().unwrap().port();
            let behaviour = Arc::new(Mutex::new(*behaviour));
            let (serves, requests) = (Arc::clone(&behaviour), Arc::clone(&requests));
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let (behaviour, requests) = (Arc::clone(&serves), Arc::clone(&requests));
                    std::thread::spawn(move || serve(stream.unwrap(), &behaviour, &requests));
                }
            });
            behaviour
        };
        let behaviours = behaviours.iter().enumerate().map(start).collect();
        Self {
            url: format!("http://keys.test:{port}/jwks"),
            behaviours,
            requests,
        }
    }

    fn set(&self, number: usize, behaviour: Behaviour) {
        *self.behaviours[number].lock().unwrap() = behaviour;
    }

    fn polled(&self) -> PolledKeySet {
        let http = Client::builder().no_proxy().build().unwrap();
        PolledKeySet::new(http, self.url.parse().unwrap(), &[Algorithm::Es256]).unwrap()
    }

    /// Takes the heads of the last requests.
    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

fn address(number: usize) -> IpAddr {
    format!("127.0.0.{}", number + 1).parse().unwrap()
}

fn serve(mut stream: TcpStream, behaviour: &Mutex<Behaviour>, requests: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            head += &line.to_lowercase();
        }
        requests.lock().unwrap().push(head.clone());
        let behaviour = *behaviour.lock().unwrap();
        let answer = match behaviour {
            Publishes(ids) if head.contains(&format!("if-none-match: \"{}\"", ids.join("+"))) => {
                "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned()
            }
            Publishes(ids) => {
                let body = json!({"keys": ids.iter().map(|id| jwk(id)).collect::<Vec<Value>>()})
                    .to_string();
                let (tag, length) = (ids.join("+"), body.len());
                format!(
                    "HTTP/1.1 200 OK\r\netag: \"{tag}\"\r\ncontent-length: {length}\r\n\r\n{body}"
                )
            }
            Closes => return,
            Hangs => loop {
                std::thread::park();
            },
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn jwk(id: &str) -> Value {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y})
}

fn at(numbers: &[usize]) -> Vec<Replica> {
    numbers
        .iter()
        .map(|number| Replica::At(address(*number)))
        .collect()
}

async fn key_ids(polled: &PolledKeySet, replicas: &[usize]) -> Result<String, FetchError> {
    let fetched = timeout(Duration::from_secs(20), polled.fetch_from(&at(replicas)))
        .await
        .unwrap();
    fetched.map(|fetched| fetched.keys.key_ids().join(" "))
}

#[tokio::test]
async fn keys_of_all_replicas_count_and_a_removed_one_does_not() {
    let servers = Replicas::start(&[Publishes(&["old"]), Publishes(&["new", "old"])]);
    let polled = servers.polled();
    assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "new old");
    servers.requests();
    assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "new old");
    let requests = servers.requests();
    assert!(
        requests.iter().all(|head| head.contains("if-none-match")),
        "{requests:?}"
    );
    assert!(
        requests
            .iter()
            .all(|head| head.contains("host: keys.test:")),
        "{requests:?}"
    );
    servers.set(0, Publishes(&["new"]));
    assert_eq!(
        key_ids(&polled, &[0, 1]).await.unwrap(),
        "new old",
        "the other replica still signs with it"
    );
    servers.set(1, Publishes(&["new"]));
    assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "new");
}

#[tokio::test]
async fn silent_replica_counts_for_a_while() {
    for silent in [Closes, Hangs] {
        let servers = Replicas::start(&[Publishes(&["a"]), Publishes(&["b"])]);
        let polled = servers.polled();
        assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "a b");
        servers.set(1, silent);
        assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "a b");
        for last in polled.published.lock().unwrap().values_mut() {
            last.answered_at -= KEEP_UNANSWERED + Duration::from_millis(1);
        }
        assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "a");
        servers.set(1, Publishes(&["c"]));
        assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "a c");
    }
}

#[tokio::test]
async fn removed_replica_does_not_count_and_no_answer_is_an_error() {
    let servers = Replicas::start(&[Publishes(&["a"]), Publishes(&["b"])]);
    let polled = servers.polled();
    assert_eq!(key_ids(&polled, &[0, 1]).await.unwrap(), "a b");
    assert_eq!(key_ids(&polled, &[0]).await.unwrap(), "a");
    servers.set(0, Closes);
    let error = key_ids(&polled, &[0]).await.unwrap_err().to_string();
    assert!(error.contains("http://127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn http_url_is_resolved_and_https_url_is_not() {
    let found = |url: &'static str| async move { replicas(&url.parse().unwrap()).await };
    assert!(
        found("http://localhost:9001/")
            .await
            .unwrap()
            .contains(&at(&[0])[0])
    );
    assert_eq!(
        found("http://127.0.0.1:9001/").await.unwrap(),
        [Replica::ByName]
    );
    assert_eq!(
        found("https://localhost:9001/").await.unwrap(),
        [Replica::ByName]
    );
    let unknown = found("http://no-such-host.invalid/")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("http://no-such-host.invalid/: the host cannot be found: "),
        "{unknown}"
    );
    let polled = PolledKeySet::new(
        Client::new(),
        "http://no-such-host.invalid/".parse().unwrap(),
        &[],
    )
    .unwrap();
    assert!(matches!(
        polled.fetch().await,
        Err(FetchError::Unresolved { .. })
    ));
}
