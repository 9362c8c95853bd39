//! The registry is complete, and its page and the gateway's files agree with it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::collections::BTreeSet;

use portcullis_reason_codes::{ALL, ReasonCode, Sender, page};

#[test]
fn codes_are_unique() {
    let codes: BTreeSet<&str> = ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), ALL.len());
}

#[test]
fn page_in_docs_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reason-codes.md");
    if std::env::var_os("WRITE_PAGES").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/reason-codes.md is out of date; run: make generate"
    );
}

#[test]
fn gateway_codes_are_those_of_its_files_with_their_types() {
    struct GatewayFile {
        file: &'static str,
        is_complete: bool,
    }

    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let of_gateway = |code: &&ReasonCode| {
        code.senders()
            .iter()
            .any(|(sender, _)| *sender == Sender::Gateway)
    };
    let registered: BTreeSet<&str> = ALL
        .iter()
        .filter(of_gateway)
        .map(|code| code.as_str())
        .collect();
    for GatewayFile { file, is_complete } in [
        GatewayFile {
            file: "envoy/listeners.yaml",
            is_complete: true,
        },
        GatewayFile {
            file: "k8s/gateways/plain-envoy/envoy.yaml",
            is_complete: false,
        },
        GatewayFile {
            file: "k8s/gateways/envoy-gateway/patch.yaml",
            is_complete: false,
        },
        GatewayFile {
            file: "k8s/gateways/istio/envoy-filters.yaml",
            is_complete: false,
        },
    ] {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        let sent = words_after(&text, " reason: ");
        let typed = words_after(&text, "type: \"/reason-codes#");
        assert_eq!(sent, typed, "{file}");
        assert!(sent.is_subset(&registered), "{file}: {sent:?}");
        assert!(!is_complete || sent == registered, "{file}: {registered:?}");
    }
}

/// The words of small letters that follow `prefix`.
fn words_after<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let word = |rest: &'a str| {
        rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_')
            .next()
    };
    let words = text.split(prefix).skip(1).filter_map(word);
    words.filter(|word| !word.is_empty()).collect()
}
