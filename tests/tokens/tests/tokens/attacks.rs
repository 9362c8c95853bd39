//! The verifier denies each attack for its reason and accepts each good twin.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use portcullis_token::Reason;
use token_tests::attacks::case::Court;
use token_tests::attacks::families;
use token_tests::issuer::Issuer;

/// A listener that a verifier must never connect to. Connections would wait in its queue.
struct Canary(TcpListener);

impl Canary {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    fn was_called(&self) -> bool {
        match self.0.accept() {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn attacks_are_denied_for_their_reason_and_good_twins_accepted() {
    let issuer = Issuer::start();
    let canary = Canary::listen();
    let silent = Canary::listen();
    let court = Court::of(&issuer, &format!("https://{}", silent.address())).await;
    let families = families(&issuer.keys, &issuer.authority, &canary.address());
    let mut wrong = Vec::new();
    let mut seen = HashSet::new();
    for family in &families {
        for case in &family.cases {
            let decision = court.denial_reason(case).await;
            seen.extend(decision);
            if decision != case.expected {
                wrong.push(format!(
                    "{}: {}: {decision:?} instead of {:?}",
                    family.name, case.name, case.expected
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} decisions are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // These reasons do not occur with Entra. The tests of `oidc` and `kinds` cover them.
    seen.extend([Reason::RequiredClaimMissing, Reason::CallerKindUnknown]);
    let unseen: Vec<&Reason> = Reason::ALL
        .iter()
        .filter(|reason| !seen.contains(reason))
        .collect();
    assert!(unseen.is_empty(), "no attack leads to {unseen:?}");

    assert!(
        !canary.was_called(),
        "a token made the verifier connect to the canary"
    );
    let elsewhere: Vec<String> = issuer
        .requests()
        .into_iter()
        .filter(|path| !path.contains("/.well-known/") && !path.contains("/discovery/"))
        .collect();
    assert!(
        elsewhere.is_empty(),
        "a token made the verifier fetch {elsewhere:?}"
    );
    let _call = TcpStream::connect(canary.address()).unwrap();
    assert!(canary.was_called(), "the canary sees calls");
}

#[tokio::test]
async fn families_have_thousands_of_attacks_and_a_good_twin_each() {
    let families = families(&Issuer::start().keys, "https://127.0.0.1:1", "127.0.0.1:1");
    let mut all = HashSet::new();
    for family in &families {
        let bad = family.distinct_bad();
        let good = family
            .cases
            .iter()
            .filter(|case| case.expected.is_none())
            .count();
        println!("{:5} bad and {good:3} good: {}", bad.len(), family.name);
        assert!(good > 0, "{} has no good twin", family.name);
        all.extend(bad);
    }
    println!("{:5} bad in all", all.len());
    assert!(all.len() >= 2000, "{} different attacks", all.len());
}
