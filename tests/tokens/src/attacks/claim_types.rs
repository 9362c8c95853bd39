use portcullis_token::Reason::{
    self, ClaimInvalid, IdToken, IssuerNotAllowed, TokenInconsistent, TokenTooLarge,
};
use serde_json::{Value, json};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{API, Keys};

/// Returns tokens with claims of every wrong type, empty and absent: no value is converted.
pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("types of claims");
    for draft in Draft::all() {
        let mut spoil = |what: &str, spoilt: &Draft, expected: Option<Reason>| {
            let what: String = what.chars().take(60).collect();
            family.bearer(
                format!("{} {what}", draft.name),
                &spoilt.signed(&keys.good),
                expected,
            );
        };
        spoil("good", &draft, None);
        for name in strings(&draft) {
            let right = draft
                .claims
                .get(name)
                .cloned()
                .unwrap_or_else(|| json!("x"));
            for value in non_strings(&right) {
                spoil(
                    &format!("{name} {value}"),
                    &draft.claim(name, value),
                    Some(ClaimInvalid),
                );
            }
        }
        for name in ["iss", "tid", "ver", "aud", "oid", draft.actor] {
            spoil(
                &format!("{name} empty"),
                &draft.claim(name, ""),
                Some(ClaimInvalid),
            );
            spoil(
                &format!("{name} absent"),
                &draft.without(name),
                Some(without(name)),
            );
        }
        for name in ["nbf", "exp"] {
            spoil(
                &format!("{name} absent"),
                &draft.without(name),
                Some(ClaimInvalid),
            );
        }
        for name in ["iat", "roles", "name", "sub"] {
            spoil(&format!("{name} absent"), &draft.without(name), None);
        }
        for roles in non_roles() {
            spoil(
                &format!("roles {roles}"),
                &draft.claim("roles", roles),
                Some(ClaimInvalid),
            );
        }
        spoil("1024 roles", &draft.claim("roles", vec!["a"; 1024]), None);
        for length in [2, 100, 1000] {
            let many = vec![API; length.min(200)];
            spoil(
                &format!("{length} audiences"),
                &draft.claim("aud", many).claim("n", length),
                Some(ClaimInvalid),
            );
        }
        spoil(
            "100,000 audiences",
            &draft.claim("aud", vec![API; 100_000]),
            Some(TokenTooLarge),
        );
        shape(&draft, &mut spoil);
    }
    family
}

/// Adds cases of scopes and `idtyp`, whose rules depend on the kind of caller.
fn shape(draft: &Draft, spoil: &mut impl FnMut(&str, &Draft, Option<Reason>)) {
    for scp in [
        " ",
        "   ",
        "/ ",
        " /",
        "/ access_as_user",
        "access_as_user /",
        "/ /",
    ] {
        spoil(
            &format!("scp {scp:?}"),
            &draft.claim("scp", scp),
            Some(ClaimInvalid),
        );
    }
    // App-only tokens of agent identities have such an `scp` ("Token claims reference for agent
    // IDs").
    for scp in ["", "/"] {
        let expected = draft.user.then_some(TokenInconsistent);
        spoil(&format!("scp {scp:?}"), &draft.claim("scp", scp), expected);
        spoil(
            &format!("scp {scp:?} of an app"),
            &draft.claim("scp", scp).claim("idtyp", "app"),
            None,
        );
        let of_user = draft.claim("scp", scp).claim("idtyp", "user");
        spoil(
            &format!("scp {scp:?} of a user"),
            &of_user,
            Some(TokenInconsistent),
        );
    }
    for idtyp in [
        "",
        "APP",
        "App",
        "app ",
        "User",
        "USER",
        "user,app",
        "device",
        "null",
        "application",
    ] {
        spoil(
            &format!("idtyp {idtyp:?}"),
            &draft.claim("idtyp", idtyp),
            Some(TokenInconsistent),
        );
    }
    let words = |count: usize| vec!["s"; count].join(" ");
    spoil(
        "1025 scopes",
        &draft.claim("scp", words(1025)),
        Some(ClaimInvalid),
    );
    if draft.user {
        spoil("1024 scopes", &draft.claim("scp", words(1024)), None);
    }
    for name in ["name", "sub", "extra"] {
        // Strings for people may hold anything. Code that puts them into headers encodes them.
        for string in [
            "a\r\nX-User-Roles: Admin",
            "a\0b",
            "a,b;c=\"d\"",
            "%0d%0a",
            "🦀",
            "\u{202e}nimda",
            &"x".repeat(8192),
        ] {
            spoil(
                &format!("{name} {string:?}"),
                &draft.claim(name, string),
                None,
            );
        }
    }
}

/// Returns the claims that must be strings if they are present.
fn strings(draft: &Draft) -> [&'static str; 9] {
    let email = if draft.actor == "azp" {
        "preferred_username"
    } else {
        "upn"
    };
    [
        "iss",
        "tid",
        "ver",
        "aud",
        "oid",
        "scp",
        "name",
        email,
        draft.actor,
    ]
}

fn non_strings(right: &Value) -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(2.0),
        json!([]),
        json!({}),
        json!([right]),
        json!([right, right]),
        json!([[right]]),
        json!({"value": right}),
        json!([null]),
    ]
}

/// Returns values of `roles` that are not lists of strings: `"Admin"` is not `["Admin"]`.
fn non_roles() -> Vec<Value> {
    vec![
        json!("Admin"),
        json!(""),
        json!("[\"Admin\"]"),
        json!("Reader Admin"),
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!({}),
        json!({"Admin": true}),
        json!({"0": "Admin"}),
        json!([["Admin"]]),
        json!(["Reader", ["Admin"]]),
        json!([null]),
        json!(["Reader", null]),
        json!([1]),
        json!([true]),
        json!([{"value": "Admin"}]),
        json!(vec!["a"; 1025]),
    ]
}

fn without(name: &str) -> Reason {
    match name {
        "tid" | "ver" => IssuerNotAllowed,
        "azp" | "appid" => IdToken,
        _ => ClaimInvalid,
    }
}
