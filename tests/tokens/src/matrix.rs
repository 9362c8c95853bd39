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

/// The issuer and the audience of an accepted token.
struct Origin {
    ver: &'static str,
    iss: &'static str,
    aud: &'static str,
    tid: &'static str,
    /// The claim that names the client.
    actor: &'static str,
}

static ORIGINS: [Origin; 8] = [
    Origin {
        ver: "1.0",
        iss: STS_1,
        aud: ID,
        tid: T1,
        actor: "appid",
    },
    Origin {
        ver: "1.0",
        iss: STS_1,
        aud: URI,
        tid: T1,
        actor: "appid",
    },
    Origin {
        ver: "1.0",
        iss: STS_1,
        aud: URI_SLASH,
        tid: T1,
        actor: "appid",
    },
    Origin {
        ver: "1.0",
        iss: STS_2,
        aud: ID,
        tid: T2,
        actor: "appid",
    },
    Origin {
        ver: "1.0",
        iss: STS_2,
        aud: URI,
        tid: T2,
        actor: "appid",
    },
    Origin {
        ver: "1.0",
        iss: STS_2,
        aud: URI_SLASH,
        tid: T2,
        actor: "appid",
    },
    Origin {
        ver: "2.0",
        iss: LOGIN_1,
        aud: ID,
        tid: T1,
        actor: "azp",
    },
    Origin {
        ver: "2.0",
        iss: LOGIN_2,
        aud: ID,
        tid: T2,
        actor: "azp",
    },
];

/// The caller of an accepted token.
struct Shape {
    idtyp: &'static str,
    scp: &'static str,
    person: &'static str,
    kind: CallerKind,
}

static SHAPES: [Shape; 10] = [
    Shape {
        idtyp: ABSENT,
        scp: SCOPES[0],
        person: PEOPLE[0],
        kind: CallerKind::User,
    },
    Shape {
        idtyp: ABSENT,
        scp: SCOPES[0],
        person: ABSENT,
        kind: CallerKind::User,
    },
    Shape {
        idtyp: "user",
        scp: SCOPES[0],
        person: PEOPLE[0],
        kind: CallerKind::User,
    },
    Shape {
        idtyp: "user",
        scp: SCOPES[0],
        person: ABSENT,
        kind: CallerKind::User,
    },
    Shape {
        idtyp: "app",
        scp: UNSCOPED,
        person: PEOPLE[0],
        kind: CallerKind::Application,
    },
    Shape {
        idtyp: "app",
        scp: UNSCOPED,
        person: ABSENT,
        kind: CallerKind::Application,
    },
    Shape {
        idtyp: ABSENT,
        scp: UNSCOPED,
        person: ABSENT,
        kind: CallerKind::Application,
    },
    Shape {
        idtyp: "app",
        scp: ABSENT,
        person: PEOPLE[0],
        kind: CallerKind::Application,
    },
    Shape {
        idtyp: "app",
        scp: ABSENT,
        person: ABSENT,
        kind: CallerKind::Application,
    },
    Shape {
        idtyp: ABSENT,
        scp: ABSENT,
        person: ABSENT,
        kind: CallerKind::Application,
    },
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
    let of_origin = |origin: &'static Origin| {
        SHAPES.iter().map(|shape| {
            let Origin {
                ver,
                iss,
                aud,
                tid,
                actor,
            } = origin;
            let Shape {
                idtyp,
                scp,
                person,
                kind,
            } = shape;
            (
                [*ver, *iss, *aud, *tid, *actor, *idtyp, *scp, *person],
                kind.as_str(),
            )
        })
    };
    ORIGINS.iter().flat_map(of_origin).collect()
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
