//! Good tokens with single characters changed, which no longer match their signature.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use portcullis_token::{Audiences, Reason, Verifier};

use token_tests::attacks::draft::Draft;
use token_tests::issuer::{API, Issuer, NOW, listed};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn verify(verifier: &Verifier, token: &str) -> Result<(), Reason> {
    let audiences = Audiences::Application(API.to_owned());
    verifier
        .verify_at_hand(token, &audiences, NOW + 1)
        .map(drop)
        .map_err(|denied| denied.reason)
}

/// Asserts that each mutant is denied, with keys available, and returns their number.
fn deny_all(verifier: &Verifier, token: &str, mutants: impl Iterator<Item = String>) -> usize {
    let mut count = 0;
    for mutant in mutants.filter(|mutant| mutant != token) {
        let decision = verify(verifier, &mutant);
        assert!(
            !matches!(decision, Ok(()) | Err(Reason::KeysUnavailable)),
            "{decision:?}: {mutant}"
        );
        count += 1;
    }
    count
}

fn substitutions(token: &str) -> impl Iterator<Item = String> {
    let places = token.char_indices().filter(|(_, char)| *char != '.');
    places.flat_map(move |(place, _)| {
        ALPHABET
            .chars()
            .map(move |char| format!("{}{char}{}", &token[..place], &token[place + 1..]))
    })
}

fn cuts(token: &str) -> impl Iterator<Item = String> {
    (0..token.len()).flat_map(move |place| {
        let (before, after) = token.split_at(place);
        let without = format!("{before}{}", &after[1..]);
        let doubled = format!("{before}{}{after}", &after[..1]);
        let dotted = format!("{before}.{after}");
        let turned = format!("{after}{before}");
        [
            before.to_owned(),
            after.to_owned(),
            without,
            doubled,
            dotted,
            turned,
        ]
    })
}

fn swaps(token: &str) -> impl Iterator<Item = String> {
    (1..token.len()).map(move |place| {
        let mut bytes = token.as_bytes().to_vec();
        bytes.swap(place - 1, place);
        String::from_utf8(bytes).unwrap()
    })
}

#[tokio::test]
async fn no_change_of_a_character_leaves_a_token_good() {
    let issuer = Issuer::start();
    let verifier = issuer.verifier(listed()).await;
    let mut count = 0;
    for draft in Draft::all() {
        let token = draft.signed(&issuer.keys.good);
        verify(&verifier, &token).unwrap();
        count += deny_all(&verifier, &token, substitutions(&token));
        count += deny_all(&verifier, &token, cuts(&token));
        count += deny_all(&verifier, &token, swaps(&token));
    }
    println!("{count} mutants");
    assert!(count > 150_000, "{count} mutants");
}

/// Joins parts of different good tokens.
#[tokio::test]
async fn no_mix_of_good_tokens_is_a_good_token() {
    let issuer = Issuer::start();
    let verifier = issuer.verifier(listed()).await;
    // Each token has its own header, so that no two tokens share a part.
    let headed = Draft::all().map(|draft| draft.header("x", draft.name));
    let tokens = headed.map(|draft| draft.signed(&issuer.keys.good));
    let parts = |index: usize| {
        tokens
            .iter()
            .map(move |token| token.split('.').nth(index).unwrap())
    };
    let mut good = 0;
    for header in parts(0) {
        for claims in parts(1) {
            for signature in parts(2) {
                let mix = format!("{header}.{claims}.{signature}");
                let expected = if tokens.contains(&mix) {
                    Ok(())
                } else {
                    Err(Reason::SignatureInvalid)
                };
                good += usize::from(expected.is_ok());
                assert_eq!(verify(&verifier, &mix), expected, "{mix}");
            }
        }
    }
    assert_eq!(good, tokens.len());
}
