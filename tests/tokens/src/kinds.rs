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

/// Combinations, each by the values that a claim may have, and their expected kind of caller.
pub struct Row {
    /// What the token shows.
    pub name: &'static str,
    subjects: &'static [&'static str],
    clients: &'static [&'static str],
    grants: &'static [&'static str],
    names: &'static [&'static str],
    traces: &'static [&'static str],
    scopes: &'static [&'static str],
    types: &'static [&'static str],
    /// `None` if the kind is unknown.
    pub kind: Option<CallerKind>,
}

impl Row {
    /// Fits every combination.
    const ANY: Self = Self {
        name: "no evidence",
        subjects: ANY,
        clients: ANY,
        grants: ANY,
        names: ANY,
        traces: ANY,
        scopes: ANY,
        types: ANY,
        kind: None,
    };

    fn fits(&self, tuple: &Tuple) -> bool {
        let claims = [
            self.subjects,
            self.clients,
            self.grants,
            self.names,
            self.traces,
            self.scopes,
            self.types,
        ];
        claims
            .iter()
            .zip(tuple)
            .all(|(values, value)| values.is_empty() || values.contains(value))
    }
}

static ROWS: [Row; 14] = [
    Row {
        name: "a grant without a user",
        grants: &["client-credentials"],
        kind: Some(Application),
        ..Row::ANY
    },
    Row {
        name: "a client that is the subject",
        subjects: &["web"],
        clients: NAMED,
        kind: Some(Application),
        ..Row::ANY
    },
    Row {
        name: "the client's subject of Auth0",
        subjects: &["web@clients"],
        kind: Some(Application),
        ..Row::ANY
    },
    Row {
        name: "a subject of Auth0 without a client",
        subjects: &["other@clients"],
        clients: &[ABSENT],
        kind: Some(Application),
        ..Row::ANY
    },
    Row {
        name: "another client's subject of Auth0",
        subjects: &["other@clients"],
        clients: NAMED,
        kind: None,
        ..Row::ANY
    },
    Row {
        name: "the name of the client's service account, with a session",
        names: &["service-account-web"],
        traces: &["sid"],
        kind: None,
        ..Row::ANY
    },
    Row {
        name: "the client's service account",
        names: &["service-account-web"],
        kind: Some(Application),
        ..Row::ANY
    },
    Row {
        name: "another client's service account",
        clients: NAMED,
        names: &["service-account-other"],
        kind: None,
        ..Row::ANY
    },
    Row {
        name: "the name of a service account, with a session and without a client",
        clients: &[ABSENT],
        names: &["service-account-other"],
        traces: &["sid"],
        kind: None,
        ..Row::ANY
    },
    Row {
        name: "a service account without a client",
        clients: &[ABSENT],
        names: &["service-account-other"],
        kind: Some(Application),
        ..Row::ANY
    },
    Row {
        name: "a session",
        traces: &["sid", "sid clientAddress"],
        kind: Some(User),
        ..Row::ANY
    },
    Row {
        name: "methods of a sign-in",
        traces: &["amr"],
        kind: Some(User),
        ..Row::ANY
    },
    Row {
        name: "a user of Okta",
        clients: &["cid"],
        traces: &["uid"],
        kind: Some(User),
        ..Row::ANY
    },
    Row {
        name: "openid, with a client and without Keycloak's type",
        clients: NAMED,
        scopes: &["openid orders"],
        types: &[ABSENT],
        kind: Some(User),
        ..Row::ANY
    },
];

/// Returns the row that decides a combination: the first that fits.
pub fn written(tuple: &Tuple) -> &'static Row {
    ROWS.iter().find(|row| row.fits(tuple)).unwrap_or(&Row::ANY)
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
