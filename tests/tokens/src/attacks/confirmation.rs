use portcullis_token::Reason::{ClaimInvalid, SenderConstrained};
use serde_json::json;

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::Keys;

/// Returns sender-constrained tokens, presented as bearer tokens.
///
/// They have a `cnf` claim (RFC 7800 §3, RFC 8705 §3.1, RFC 9449 §6.1).
pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("confirmation");
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    for draft in Draft::all() {
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        // A claim with a similar name binds nothing.
        for name in ["CNF", "cnf ", "Cnf", "cnf2", "act"] {
            let token = draft.claim(name, json!({"jkt": "k"})).signed(&keys.good);
            family.bearer(format!("{} {name:?}", draft.name), &token, None);
        }
        for confirmation in [
            json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
            json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
            json!({"jkt": ""}),
            json!({"kid": "key", "xms_ksl": "sw"}),
            json!({ "jwk": jwk }),
            json!({"jwe": "eyJhbGciOiJSU0EtT0FFUCJ9"}),
            json!({"jku": "https://evil.example/keys", "kid": "k"}),
            json!({"x5t": "bwcK0esc"}),
            json!({"unheard-of": true}),
            json!({"x5t#S256": null}),
            json!({"JKT": "k"}),
            json!({}),
        ] {
            let token = draft.claim("cnf", confirmation.clone()).signed(&keys.good);
            let short: String = confirmation.to_string().chars().take(60).collect();
            family.bearer(format!("{} {short}", draft.name), &token, SenderConstrained);
        }
        for malformed in [
            json!(null),
            json!(true),
            json!(false),
            json!(0),
            json!(1),
            json!(""),
            json!("jkt"),
            json!("{\"jkt\":\"k\"}"),
            json!([]),
            json!([{"jkt": "k"}]),
        ] {
            let token = draft.claim("cnf", malformed.clone()).signed(&keys.good);
            family.bearer(format!("{} {malformed}", draft.name), &token, ClaimInvalid);
        }
    }
    family
}
