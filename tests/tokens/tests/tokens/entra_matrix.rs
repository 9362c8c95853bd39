//! Of all combinations of Entra's claims, the verifier accepts exactly the written ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use portcullis_token::{Audiences, Verifier};
use serde_json::json;
use token_tests::issuer::{API, Issuer, KEY_ID, NOW, listed, sign};
use token_tests::matrix::{Tuple, claims, product, written};

fn kind_of(verifier: &Verifier, token: &str) -> Option<&'static str> {
    let decision = verifier.verify_at_hand(token, &Audiences::Application(API.to_owned()), NOW + 1);
    decision.ok().map(|verified| verified.caller.kind.as_str())
}

#[tokio::test]
async fn entra_combinations_are_accepted_exactly_as_written() {
    let issuer = Issuer::start();
    let verifier = issuer.verifier(listed()).await;
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID}).to_string();
    let tuples = product();
    let distinct: BTreeSet<&Tuple> = tuples.iter().collect();
    assert_eq!((tuples.len(), distinct.len()), (17_280, 17_280));
    let verified_tuples = tuples.into_iter().filter_map(|tuple| {
        let token = sign(&issuer.keys.good, &header, claims(tuple).to_string());
        kind_of(&verifier, &token).map(|kind| (tuple, kind))
    });
    let accepted: BTreeMap<Tuple, &str> = verified_tuples.collect();
    let written = written();
    assert_eq!(written.len(), 80);
    let beyond: Vec<_> = accepted
        .iter()
        .filter(|(tuple, kind)| written.get(*tuple) != Some(kind))
        .collect();
    let missing: Vec<_> = written
        .iter()
        .filter(|(tuple, kind)| accepted.get(*tuple) != Some(kind))
        .collect();
    assert!(
        beyond.is_empty() && missing.is_empty(),
        "accepted and not written: {beyond:#?}\nwritten and denied: {missing:#?}"
    );
}
