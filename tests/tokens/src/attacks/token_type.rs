use portcullis_token::Reason::{
    AlgorithmNotAllowed, AudienceNotAllowed, ClaimsOverage, GraphToken, IdToken, TokenInconsistent,
    TokenMalformed, TokenTypeUnexpected,
};
use serde_json::{Value, json};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{API, CLIENT, Keys, encode};

const ACCESS_TOKENS: &[&str] = &["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"];

/// `typ` of other kinds of tokens (RFC 8725 §3.11).
const OTHERS: &[&str] = &[
    "",
    " ",
    "JWT ",
    " JWT",
    "JWS",
    "JOSE",
    "JOSE+JSON",
    "JWE",
    "id+jwt",
    "id_token+jwt",
    "dpop+jwt",
    "logout+jwt",
    "secevent+jwt",
    "entity-statement+jwt",
    "oauth-authz-req+jwt",
    "token-introspection+jwt",
    "refresh+jwt",
    "rt+jwt",
    "at+jwt ",
    "xat+jwt",
    "application/jwt",
    "application/at+jwt; a=b",
    "text/plain",
    "vc+sd-jwt",
    "kb+jwt",
    "passport",
    "pop",
    "null",
    "JWT\0",
    "ＪＷＴ",
    "wimse-proof+jwt",
    "sd+jwt",
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("kinds of tokens");
    for draft in Draft::all() {
        let mut check = |what: &str, changed: &Draft, expected| {
            family.bearer(
                format!("{} {what}", draft.name),
                &changed.signed(&keys.good),
                expected,
            );
        };
        for typ in ACCESS_TOKENS {
            check(typ, &draft.header("typ", *typ), None);
        }
        check("no typ", &draft.without_header("typ"), None);
        for typ in OTHERS {
            check(typ, &draft.header("typ", *typ), Some(TokenTypeUnexpected));
        }
        for typ in [
            json!(null),
            json!(1),
            json!(true),
            json!(["JWT"]),
            json!({"typ": "JWT"}),
        ] {
            check(
                &typ.to_string(),
                &draft.header("typ", typ.clone()),
                Some(TokenTypeUnexpected),
            );
        }
        for audience in [
            "00000003-0000-0000-c000-000000000000",
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/",
        ] {
            check(audience, &draft.claim("aud", audience), Some(GraphToken));
        }
        for nonce in [json!("n"), json!(""), json!(null), json!(1)] {
            check(
                &format!("nonce {nonce}"),
                &draft.header("nonce", nonce.clone()),
                Some(GraphToken),
            );
        }
        for audience in [
            CLIENT,
            "3a5c0002-0000-4000-8000-000000000002",
            "api://3a5c0002-0000-4000-8000-000000000002",
        ] {
            check(
                audience,
                &draft.claim("aud", audience),
                Some(AudienceNotAllowed),
            );
        }
        check(
            "for Graph by another's key",
            &draft
                .header("nonce", "n")
                .claim("aud", "https://graph.microsoft.com"),
            Some(GraphToken),
        );
        for (what, changed) in id_tokens(&draft) {
            check(what, &changed, Some(IdToken));
        }
        for (what, changed) in contradictions(&draft) {
            check(what, &changed, Some(TokenInconsistent));
        }
        // The roles are not in the token (overage). To read no roles would be wrong, because the
        // caller has some.
        let elsewhere = draft
            .without("roles")
            .claim("_claim_names", json!({"roles": "src1"}));
        check("roles elsewhere", &elsewhere, Some(ClaimsOverage));
        check(
            "groups elsewhere",
            &draft
                .claim("_claim_names", json!({"groups": "src1"}))
                .claim("hasgroups", true),
            None,
        );
        opaque(&mut family, &draft);
    }
    family
}

/// Returns ID tokens, which are for the client that requested them.
///
/// They have no actor claim. Scopes and application roles make no difference.
fn id_tokens(draft: &Draft) -> Vec<(&'static str, Draft)> {
    let nameless = draft.without(draft.actor);
    let plain = nameless.without("scp").without("roles").without("idtyp");
    vec![
        ("no actor", nameless.clone()),
        ("ID token", plain.clone()),
        ("ID token with nonce", plain.claim("nonce", "n")),
        (
            "ID token with hashes",
            plain.claim("at_hash", "h").claim("c_hash", "h"),
        ),
        (
            "ID token for the client",
            plain.claim("aud", CLIENT).claim("nonce", "n"),
        ),
        (
            "ID token of the API",
            plain
                .claim("aud", API)
                .claim("nonce", "n")
                .claim("rh", "0.A"),
        ),
        ("actor by another name", nameless.claim("client_id", CLIENT)),
        (
            "actor by standing",
            nameless.claim("cid", CLIENT).claim("azpacr", "1"),
        ),
    ]
}

/// Returns users' tokens with an application's claims, and applications' tokens with a user's
/// claims.
fn contradictions(draft: &Draft) -> Vec<(&'static str, Draft)> {
    let other = if draft.actor == "azp" { "appid" } else { "azp" };
    let mut list = vec![
        ("both actors", draft.claim(other, CLIENT)),
        ("both actors, one null", draft.claim(other, Value::Null)),
        (
            "the other actor",
            draft.without(draft.actor).claim(other, CLIENT),
        ),
        ("device", draft.claim("idtyp", "device")),
    ];
    if draft.user {
        list.extend([
            ("user as application", draft.claim("idtyp", "app")),
            ("user without scopes", draft.without("scp")),
            (
                "user by idtyp alone",
                draft.without("scp").claim("idtyp", "user"),
            ),
            (
                "user without scopes, with role",
                draft.without("scp").claim("roles", json!(["Admin"])),
            ),
        ]);
    } else {
        list.extend([
            (
                "application with scopes",
                draft.claim("scp", "access_as_user"),
            ),
            ("application as user", draft.claim("idtyp", "user")),
            (
                "application with a person",
                draft
                    .without("idtyp")
                    .claim("preferred_username", "ada@contoso.example"),
            ),
            (
                "application with a principal",
                draft.without("idtyp").claim("upn", "ada@contoso.example"),
            ),
            (
                "application with a name",
                draft
                    .without("idtyp")
                    .claim("unique_name", "ada@contoso.example"),
            ),
        ]);
    }
    list
}

/// Adds refresh tokens, SAML assertions and API keys, which are not JWTs.
fn opaque(family: &mut Family, draft: &Draft) {
    let saml = encode(format!(
        "<saml:Assertion Version=\"2.0\" ID=\"{}\"/>",
        draft.name
    ));
    let texts = [
        format!("0.AXoA{}", draft.claims["oid"].as_str().unwrap()),
        format!("1.{saml}"),
        saml,
        format!("ghp_{}", "x".repeat(36 + draft.name.len())),
    ];
    for text in texts {
        family.bearer(
            format!("{} opaque {text}", draft.name),
            &text,
            TokenMalformed,
        );
    }
    let unsigned = draft.header("alg", "none").with_signature(b"");
    family.bearer(
        format!("{} unsigned", draft.name),
        &unsigned,
        AlgorithmNotAllowed,
    );
}
