use portcullis_token::Reason::{CriticalHeader, TokenMalformed};
use serde_json::json;

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{Keys, encode};

/// Returns tokens with `crit`, which lists extensions that a verifier must understand.
///
/// The verifier understands no extension, so it denies every `crit` (RFC 7515 §4.1.11).
pub(super) fn family(keys: &Keys) -> Family {
    let values = [
        json!([]),
        json!(["exp"]),
        json!(["b64"]),
        json!(["unknown"]),
        json!(["alg"]),
        json!(["crit"]),
        json!([""]),
        json!(["exp", "exp"]),
        json!([null]),
        json!([1]),
        json!([["exp"]]),
        json!("exp"),
        json!(""),
        json!(null),
        json!({}),
        json!({"exp": true}),
        json!(true),
        json!(false),
        json!(0),
        json!(["kid", "alg"]),
        json!(["http://example.com/UNDEFINED"]),
    ];
    let mut family = Family::new("crit");
    for draft in Draft::all() {
        let name = |what: &str| format!("{} {what}", draft.name);
        for crit in &values {
            let spoilt = draft.header("crit", crit.clone());
            family.bearer(
                name(&crit.to_string()),
                &spoilt.signed(&keys.good),
                CriticalHeader,
            );
            let unencoded = spoilt.header("b64", false);
            family.bearer(
                name(&format!("{crit} b64")),
                &unencoded.signed(&keys.good),
                CriticalHeader,
            );
            let present = spoilt.header("exp", 1).header("unknown", "x");
            family.bearer(
                name(&format!("{crit} present")),
                &present.signed(&keys.good),
                CriticalHeader,
            );
        }
        // Without `crit` the verifier ignores unknown members such as `b64` (RFC 7515 §4), and
        // decodes the claims.
        for b64 in [true, false] {
            family.bearer(
                name("b64 alone"),
                &draft.header("b64", b64).signed(&keys.good),
                None,
            );
        }
        let unencoded = draft.header("crit", json!(["b64"])).header("b64", false);
        let header = encode(unencoded.header.to_string());
        let claims = &draft.claims;
        family.token(
            name("claims as they are"),
            format!("{header}.{claims}.AAAA"),
            TokenMalformed,
        );
    }
    family
}
