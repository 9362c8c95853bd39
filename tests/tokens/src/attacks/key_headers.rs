use portcullis_token::Reason::{KeyIdInvalid, KeyUnknown, SignatureInvalid};
use serde_json::{Value, json};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{KEY_ID, Keys, encode, jwk};

/// Returns tokens that bring a key or its URL, which a verifier must not use (RFC 8725 §3.10).
pub(super) fn family(keys: &Keys, authority: &str, canary: &str) -> Family {
    let mut family = Family::new("key headers");
    for draft in Draft::all() {
        for (member, value) in key_members(keys, authority, canary) {
            let decorated = draft.header(member, value.clone());
            let name = |what: &str| format!("{} {member} {what} {value}", draft.name);
            family.bearer(name("on a good token"), &decorated.signed(&keys.good), None);
            family.bearer(
                name("with the good kid"),
                &decorated.signed(&keys.attacker),
                SignatureInvalid,
            );
            let named = decorated.header("kid", "attacker");
            family.bearer(
                name("with a kid"),
                &named.signed(&keys.attacker),
                KeyUnknown,
            );
            let nameless = decorated.without_header("kid");
            family.bearer(
                name("without kid"),
                &nameless.signed(&keys.attacker),
                KeyIdInvalid,
            );
        }
        let mut all = draft.clone();
        for (member, value) in key_members(keys, authority, canary) {
            all = all.header(member, value);
        }
        family.bearer(
            format!("{} all", draft.name),
            &all.signed(&keys.attacker),
            SignatureInvalid,
        );
    }
    family
}

fn key_members(keys: &Keys, authority: &str, canary: &str) -> Vec<(&'static str, Value)> {
    let own = jwk(KEY_ID, &keys.attacker);
    let mut list = vec![
        ("jwk", own.clone()),
        ("jwk", json!({"keys": [own]})),
        ("jwk", json!({"kty": "oct", "k": "AA"})),
        ("x5c", json!([encode(b"a certificate")])),
        ("x5c", json!([])),
        ("x5t", json!("attacker")),
        ("x5t#S256", json!("attacker")),
    ];
    for url in urls(authority, canary) {
        list.extend([("jku", json!(url)), ("x5u", json!(url))]);
    }
    list
}

fn urls(authority: &str, canary: &str) -> [String; 6] {
    [
        format!("{authority}/attacker/keys"),
        format!("{authority}/discovery/../attacker/keys"),
        format!("http://{canary}/keys"),
        format!("https://{canary}/keys"),
        format!("https://login.microsoftonline.com@{canary}/keys"),
        "file:///dev/null".to_owned(),
    ]
}
