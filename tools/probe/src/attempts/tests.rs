use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use super::Attempts;

/// Starts a server that answers every request with one status. Returns its address.
fn server(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _read = stream.read(&mut [0; 4096]);
            let _written = write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
        }
    });
    address
}

fn closed() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

/// Runs the attempts. Returns their result and what they print.
fn run(closed: Vec<String>, denies: Vec<String>) -> (Result<(), String>, String) {
    let targets = |all: Vec<String>| all.iter().map(|one| one.parse().unwrap()).collect();
    let attempts = Attempts {
        answers: vec![format!("http://{}/=401", server(401)).parse().unwrap()],
        closed: targets(closed),
        denies: targets(denies),
        loopback: Vec::new(),
        not_tried: vec!["from a node".to_owned()],
        timeout: Duration::from_secs(5),
        patience: Duration::from_secs(5),
    };
    let mut said = Vec::new();
    let outcome = attempts.run(&mut said).map_err(|error| error.to_string());
    (outcome, String::from_utf8(said).unwrap())
}

#[test]
fn upstream_reached_from_a_node_must_deny_forged_headers() {
    for (name, upstream, fails, words) in [
        (
            "unauthorized",
            server(401),
            false,
            "denied forged headers with 401",
        ),
        (
            "forbidden",
            server(403),
            false,
            "denied forged headers with 403",
        ),
        ("not reached", closed(), false, "is closed"),
        ("believes headers", server(200), true, "NOT DENIED"),
        (
            "decides nothing",
            server(404),
            true,
            "answered forged headers with 404",
        ),
        (
            "takes POST only",
            server(405),
            true,
            "answered forged headers with 405",
        ),
    ] {
        let (outcome, said) = run(Vec::new(), vec![format!("{upstream}/api")]);
        assert_eq!(outcome.is_err(), fails, "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn open_address_fails_the_attempts() {
    for (name, targets, error) in [
        ("all closed", vec![closed(), closed()], None),
        (
            "one open",
            vec![closed(), server(401)],
            Some("1 of 2 addresses"),
        ),
        (
            "all open",
            vec![server(401)],
            Some("THIS CLUSTER ENFORCES NO NETWORK POLICIES"),
        ),
    ] {
        let (outcome, said) = run(targets, Vec::new());
        match (outcome, error) {
            (Ok(()), None) => assert!(
                said.contains("all 2 addresses behind it are closed"),
                "{name}: {said}"
            ),
            (Err(found), Some(words)) => assert!(found.contains(words), "{name}: {found}"),
            (outcome, _) => panic!("{name}: {outcome:?}: {said}"),
        }
    }
}

#[test]
fn attempts_left_out_are_printed() {
    let (outcome, said) = run(vec![closed()], Vec::new());
    outcome.unwrap();
    assert!(said.contains("NOT TRIED: from a node\n"), "{said}");
}
