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
    struct Case {
        name: &'static str,
        upstream: String,
        fails: bool,
        words: &'static str,
    }

    for Case {
        name,
        upstream,
        fails,
        words,
    } in [
        Case {
            name: "unauthorized",
            upstream: server(401),
            fails: false,
            words: "denied forged headers with 401",
        },
        Case {
            name: "forbidden",
            upstream: server(403),
            fails: false,
            words: "denied forged headers with 403",
        },
        Case {
            name: "not reached",
            upstream: closed(),
            fails: false,
            words: "is closed",
        },
        Case {
            name: "believes headers",
            upstream: server(200),
            fails: true,
            words: "NOT DENIED",
        },
        Case {
            name: "decides nothing",
            upstream: server(404),
            fails: true,
            words: "answered forged headers with 404",
        },
        Case {
            name: "takes POST only",
            upstream: server(405),
            fails: true,
            words: "answered forged headers with 405",
        },
    ] {
        let (outcome, said) = run(Vec::new(), vec![format!("{upstream}/api")]);
        assert_eq!(outcome.is_err(), fails, "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn open_address_fails_the_attempts() {
    struct Case {
        name: &'static str,
        targets: Vec<String>,
        error: Option<&'static str>,
    }

    for Case {
        name,
        targets,
        error,
    } in [
        Case {
            name: "all closed",
            targets: vec![closed(), closed()],
            error: None,
        },
        Case {
            name: "one open",
            targets: vec![closed(), server(401)],
            error: Some("1 of 2 addresses"),
        },
        Case {
            name: "all open",
            targets: vec![server(401)],
            error: Some("THIS CLUSTER ENFORCES NO NETWORK POLICIES"),
        },
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
