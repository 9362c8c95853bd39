//! Combinations of the Entra claims for a token's issuer, audience and caller.

use std::collections::BTreeMap;

use portcullis_token::CallerKind;
use serde_json::{Value, json};

use crate::combinations::combinations;
use crate::issuer::{CLIENT, NOW};

const VERSIONS: [&str; 3] = ["1.0", "2.0", ABSENT];
const ISSUERS: [&str; 5] = [STS_1, STS_2, LOGIN_1, LOGIN_2, LOGIN_3];
const AUDIENCES: [&str; 4] = [ID, URI, URI_SLASH, "3a5c0002-0000-4000-8000-000000000002"];
const TENANTS: [&str; 4] = [T1, T2, T3, ABSENT];
const ACTORS: [&str; 4] = ["azp", "appid", "azp appid", ABSENT];
const IDTYPS: [&str; 3] = [ABSENT, "user", "app"];
const SCOPES: [&str; 3] = ["access_as_user", UNSCOPED, ABSENT];
const PEOPLE: [&str; 2] = ["ada@contoso.example", ABSENT];

const ABSENT: &str = "";
/// The `scp` of app-only tokens of agent identities.
const UNSCOPED: &str = "/";
const T1: &str = "11111111-1111-4111-8111-111111111111";
const T2: &str = "22222222-2222-4222-8222-222222222222";
const T3: &str = "33333333-3333-4333-8333-333333333333";
const STS_1: &str = "https://sts.windows.net/11111111-1111-4111-8111-111111111111/";
const STS_2: &str = "https://sts.windows.net/22222222-2222-4222-8222-222222222222/";
const LOGIN_1: &str = "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0";
const LOGIN_2: &str = "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0";
const LOGIN_3: &str = "https://login.microsoftonline.com/33333333-3333-4333-8333-333333333333/v2.0";
const ID: &str = "3a5c0001-0000-4000-8000-000000000001";
const URI: &str = "api://3a5c0001-0000-4000-8000-000000000001";
const URI_SLASH: &str = "api://3a5c0001-0000-4000-8000-000000000001/";

/// Issuers and audiences of accepted tokens.
///
/// The columns are `ver`, `iss`, `aud`, `tid` and the claim that names the client.
const ORIGINS: [[&str; 5]; 8] = [
    ["1.0", STS_1, ID, T1, "appid"],
    ["1.0", STS_1, URI, T1, "appid"],
    ["1.0", STS_1, URI_SLASH, T1, "appid"],
    ["1.0", STS_2, ID, T2, "appid"],
    ["1.0", STS_2, URI, T2, "appid"],
    ["1.0", STS_2, URI_SLASH, T2, "appid"],
    ["2.0", LOGIN_1, ID, T1, "azp"],
    ["2.0", LOGIN_2, ID, T2, "azp"],
];

/// Callers of accepted tokens: `idtyp`, `scp`, whether a person is named, and the kind.
const SHAPES: [(&str, &str, bool, CallerKind); 10] = [
    (ABSENT, SCOPES[0], true, CallerKind::User),
    (ABSENT, SCOPES[0], false, CallerKind::User),
    ("user", SCOPES[0], true, CallerKind::User),
    ("user", SCOPES[0], false, CallerKind::User),
    ("app", UNSCOPED, true, CallerKind::Application),
    ("app", UNSCOPED, false, CallerKind::Application),
    (ABSENT, UNSCOPED, false, CallerKind::Application),
    ("app", ABSENT, true, CallerKind::Application),
    ("app", ABSENT, false, CallerKind::Application),
    (ABSENT, ABSENT, false, CallerKind::Application),
];

/// One combination, in the order of the tables above.
pub type Tuple = [&'static str; 8];

/// Returns all combinations.
pub fn product() -> Vec<Tuple> {
    combinations([
        &VERSIONS, &ISSUERS, &AUDIENCES, &TENANTS, &ACTORS, &IDTYPS, &SCOPES, &PEOPLE,
    ])
}

/// Returns the accepted combinations with their kinds of callers.
pub fn written() -> BTreeMap<Tuple, &'static str> {
    let shape = |(idtyp, scopes, person, kind): &(&'static str, &'static str, bool, CallerKind)| {
        let person = if *person { PEOPLE[0] } else { ABSENT };
        (*idtyp, *scopes, person, kind.as_str())
    };
    let shapes = SHAPES.iter().map(shape);
    let all = ORIGINS.iter().flat_map(|[ver, iss, aud, tid, actor]| {
        shapes.clone().map(move |(idtyp, scp, person, kind)| {
            ([*ver, *iss, *aud, *tid, *actor, idtyp, scp, person], kind)
        })
    });
    all.collect()
}

/// Returns the claims of a combination.
pub fn claims([ver, iss, aud, tid, actors, idtyp, scp, person]: Tuple) -> Value {
    let mut claims = json!({
        "oid": "aaaaaaaa-0001-4000-8000-000000000001", "roles": ["Reader"],
        "nbf": NOW, "iat": NOW, "exp": NOW + 3600,
    });
    let strings = [
        ("ver", ver),
        ("iss", iss),
        ("aud", aud),
        ("tid", tid),
        ("idtyp", idtyp),
        ("scp", scp),
    ];
    let person = [("preferred_username", person)];
    let actors = actors.split_whitespace().map(|name| (name, CLIENT));
    for (name, value) in strings.into_iter().chain(person).chain(actors) {
        if value != ABSENT {
            claims[name] = value.into();
        }
    }
    claims
}
