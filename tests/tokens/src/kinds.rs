//! Combinations of the claims that tell users from applications, except with Entra.

use portcullis_token::CallerKind::{Application, User};
use portcullis_token::{
    Audiences, CallerKind, ClaimNames, KeyPolicy, KindRule, OidcKeys, OidcSettings, Reason,
};
use portcullis_token::{TimeRules, Verifier};
use reqwest::Client;
use serde_json::{Value, json};

use crate::combinations::combinations;
use crate::issuer::{KEY_ID, Keys, NOW, jwk, sign};

pub const ISSUER: &str = "https://id.example/realms/shop";
pub const AUDIENCE: &str = "orders";

const SUBJECTS: [&str; 4] = ["user-1", "web", "web@clients", "other@clients"];
/// Claims that name the client `web`.
const CLIENTS: [&str; 4] = ["client_id", "azp", "cid", ABSENT];
const GRANTS: [&str; 3] = [ABSENT, "client-credentials", "password"];
const NAMES: [&str; 4] = [
    ABSENT,
    "ada",
    "service-account-web",
    "service-account-other",
];
/// Claims that come from a sign-in, or from Keycloak's `service_account` scope.
const TRACES: [&str; 7] = [
    ABSENT,
    "sid",
    "amr",
    "uid",
    "auth_time",
    "clientAddress",
    "sid clientAddress",
];
const SCOPES: [&str; 2] = ["orders", "openid orders"];
/// Keycloak also writes the token type into the payload.
const TYPES: [&str; 2] = [ABSENT, "Bearer"];

const ABSENT: &str = "";
const ANY: &[&str] = &[];
const NAMED: &[&str] = &["client_id", "azp", "cid"];

/// One combination, in the order of the tables above.
pub type Tuple = [&'static str; 7];

/// The expected kind of caller of combinations.
///
/// The first row that fits decides. If no row fits, the kind is unknown.
const ROWS: [([&[&str]; 7], Option<CallerKind>); 14] = [
    (
        [ANY, ANY, &["client-credentials"], ANY, ANY, ANY, ANY],
        Some(Application),
    ),
    (
        [&["web"], NAMED, ANY, ANY, ANY, ANY, ANY],
        Some(Application),
    ),
    (
        [&["web@clients"], ANY, ANY, ANY, ANY, ANY, ANY],
        Some(Application),
    ),
    (
        [&["other@clients"], &[ABSENT], ANY, ANY, ANY, ANY, ANY],
        Some(Application),
    ),
    ([&["other@clients"], NAMED, ANY, ANY, ANY, ANY, ANY], None),
    (
        [ANY, ANY, ANY, &["service-account-web"], &["sid"], ANY, ANY],
        None,
    ),
    (
        [ANY, ANY, ANY, &["service-account-web"], ANY, ANY, ANY],
        Some(Application),
    ),
    (
        [ANY, NAMED, ANY, &["service-account-other"], ANY, ANY, ANY],
        None,
    ),
    (
        [
            ANY,
            &[ABSENT],
            ANY,
            &["service-account-other"],
            &["sid"],
            ANY,
            ANY,
        ],
        None,
    ),
    (
        [
            ANY,
            &[ABSENT],
            ANY,
            &["service-account-other"],
            ANY,
            ANY,
            ANY,
        ],
        Some(Application),
    ),
    (
        [ANY, ANY, ANY, ANY, &["sid", "sid clientAddress"], ANY, ANY],
        Some(User),
    ),
    ([ANY, ANY, ANY, ANY, &["amr"], ANY, ANY], Some(User)),
    ([ANY, &["cid"], ANY, ANY, &["uid"], ANY, ANY], Some(User)),
    (
        [ANY, NAMED, ANY, ANY, ANY, &["openid orders"], &[ABSENT]],
        Some(User),
    ),
];

/// Returns the expected kind of caller, or `None` if it is unknown.
pub fn written(tuple: &Tuple) -> Option<CallerKind> {
    let fits = |row: &[&[&str]; 7]| {
        row.iter()
            .zip(tuple)
            .all(|(values, value)| values.is_empty() || values.contains(value))
    };
    ROWS.iter()
        .find(|(row, _)| fits(row))
        .and_then(|(_, kind)| *kind)
}

/// Returns all combinations.
pub fn product() -> Vec<Tuple> {
    combinations([
        &SUBJECTS, &CLIENTS, &GRANTS, &NAMES, &TRACES, &SCOPES, &TYPES,
    ])
}

/// Returns the token of a combination.
pub fn token(keys: &Keys, [sub, client, grant, name, traces, scope, typ]: Tuple) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": sub, "scope": scope, "acr": "1",
        "iat": NOW, "exp": NOW + 3600,
    });
    let strings = [
        (client, "web"),
        ("gty", grant),
        ("preferred_username", name),
        ("typ", typ),
    ];
    for (claim, value) in strings
        .into_iter()
        .filter(|(claim, value)| *claim != ABSENT && *value != ABSENT)
    {
        claims[claim] = value.into();
    }
    for trace in traces.split_whitespace() {
        claims[trace] = match trace {
            "amr" => json!(["pwd"]),
            "auth_time" => json!(NOW),
            _ => json!("x"),
        };
    }
    let header = json!({"typ": "at+jwt", "alg": "RS256", "kid": KEY_ID}).to_string();
    sign(&keys.good, header, claims.to_string())
}

/// Returns the provider's key set.
pub fn key_set(keys: &Keys) -> Value {
    json!({ "keys": [jwk(KEY_ID, &keys.good)] })
}

/// Returns a verifier of the provider's tokens, with `rule` for the kind of caller.
pub fn verifier(keys: &Keys, rule: Option<KindRule>) -> Verifier {
    let jwks = OidcKeys::Inline(key_set(keys).to_string());
    let settings = OidcSettings::new(ISSUER, &jwks, &[], ClaimNames::default()).unwrap();
    let settings = match rule {
        Some(rule) => settings.telling_kind_by(rule),
        None => settings,
    };
    Verifier::oidc(
        &Client::new(),
        settings,
        &KeyPolicy::default(),
        TimeRules::default(),
    )
}

/// Returns the kind of caller that `verifier` finds, or the reason why it denies the token.
pub fn told(verifier: &Verifier, token: &str) -> Result<CallerKind, Reason> {
    let decision = verifier.verify_at_hand(
        token,
        &Audiences::Exactly(vec![AUDIENCE.to_owned()]),
        NOW + 1,
    );
    decision
        .map(|verified| verified.caller.kind)
        .map_err(|denied| denied.reason)
}
