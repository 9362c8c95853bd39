use portcullis_token::Reason::TokenMalformed;
use serde_json::{Value, json};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{Keys, sign};

/// Returns tokens with duplicate members, of which parsers take different ones (RFC 8259 §4).
pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("duplicate members");
    for draft in Draft::all() {
        let header = draft.header.to_string();
        let claims = draft.claims.to_string();
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        for (what, spoilt) in repeated(&draft.header) {
            let token = sign(&keys.good, spoilt, &claims);
            family.bearer(
                format!("{} header {what}", draft.name),
                &token,
                TokenMalformed,
            );
        }
        for (what, spoilt) in repeated(&draft.claims) {
            let token = sign(&keys.good, &header, spoilt);
            family.bearer(
                format!("{} claims {what}", draft.name),
                &token,
                TokenMalformed,
            );
        }
        for nested in [
            r#"{"a":1,"a":1}"#,
            r#"[{"a":1,"a":2}]"#,
            r#"{"b":{"a":1,"\u0061":2}}"#,
            r#"[[[{"":1,"":2}]]]"#,
        ] {
            let token = sign(&keys.good, &header, draft.claims_with("extra", nested));
            family.bearer(
                format!("{} claims nested {nested}", draft.name),
                &token,
                TokenMalformed,
            );
            let token = sign(&keys.good, draft.header_with("extra", nested), &claims);
            family.bearer(
                format!("{} header nested {nested}", draft.name),
                &token,
                TokenMalformed,
            );
        }
    }
    family
}

/// Returns the object with each of its members twice.
///
/// The second member has the same value, another value before or after the first, or the same name
/// in escaped spelling.
fn repeated(object: &Value) -> Vec<(String, String)> {
    let text = object.to_string();
    let inside = &text[1..text.len() - 1];
    let mut list = Vec::new();
    for (name, value) in object.as_object().unwrap() {
        let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
        let other = if name == "alg" {
            json!("none")
        } else {
            json!("other")
        };
        list.extend([
            (
                format!("{name} same"),
                format!("{{{inside},\"{name}\":{value}}}"),
            ),
            (
                format!("{name} after"),
                format!("{{{inside},\"{name}\":{other}}}"),
            ),
            (
                format!("{name} before"),
                format!("{{\"{name}\":{other},{inside}}}"),
            ),
            (
                format!("{name} null"),
                format!("{{\"{name}\":null,{inside}}}"),
            ),
            (
                format!("{name} escaped"),
                format!("{{{inside},\"{escaped}\":{other}}}"),
            ),
        ]);
    }
    list
}
