//! Everything that an attacker can present is refused, for its reason; the good token beside it is
//! accepted.
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

/// Somebody that a verifier must never call. Connections would wait in its queue.
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
async fn every_attack_is_refused_for_its_reason_and_every_good_twin_is_accepted() {
    let (issuer, canary, silent) = (Issuer::start(), Canary::listen(), Canary::listen());
    let court = Court::of(&issuer, &format!("https://{}", silent.address())).await;
    let families = families(&issuer.keys, &issuer.authority, &canary.address());
    let (mut wrong, mut seen) = (Vec::new(), HashSet::new());
    for family in &families {
        for case in &family.cases {
            let verdict = court.verdict(case).await;
            seen.extend(verdict);
            if verdict != case.expected {
                wrong.push(format!(
                    "{}: {}: {verdict:?} instead of {:?}",
                    family.name, case.name, case.expected
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} verdicts are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Entra's tokens have no further requirements and say what they are; other providers' are
    // tested beside `oidc` and in `kinds`.
    seen.extend([Reason::RequiredClaimMissing, Reason::CallerKindUnknown]);
    let unseen: Vec<&Reason> = Reason::ALL
        .iter()
        .filter(|reason| !seen.contains(reason))
        .collect();
    assert!(unseen.is_empty(), "no attack leads to {unseen:?}");

    assert!(
        !canary.was_called(),
        "a token made the verifier call somebody"
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
async fn there_are_thousands_of_different_attacks_and_a_good_twin_in_each_family() {
    let families = families(&Issuer::start().keys, "https://127.0.0.1:1", "127.0.0.1:1");
    let mut all = HashSet::new();
    for family in &families {
        let (bad, good) = (
            family.distinct_bad(),
            family
                .cases
                .iter()
                .filter(|case| case.expected.is_none())
                .count(),
        );
        println!("{:5} bad and {good:3} good: {}", bad.len(), family.name);
        assert!(good > 0, "{} has no good twin", family.name);
        all.extend(bad);
    }
    println!("{:5} bad in all", all.len());
    assert!(all.len() >= 2000, "{} different attacks", all.len());
}
