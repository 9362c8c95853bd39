//! Requests that a backend must deny with 401, each with its reason code.

use portcullis_assertion::{Assertion, HEADER};
use portcullis_token::unix_now;
use serde_json::{Value, json};

use crate::authz::{assertion, bound};
use crate::shared_key::MacKey;
use crate::signing_key::{AssertionKey, PublicKeyPair, content};

pub(crate) use wrong_keys::wrong_mac_keys;
use wrong_keys::wrong_public_keys;

mod wrong_keys;

const NOT_GENUINE: &str = "assertion_not_genuine";
const OUT_OF_TIME: &str = "assertion_out_of_time";
const OTHER_UPSTREAM: &str = "assertion_for_other_upstream";
const OTHER_REQUEST: &str = "assertion_for_other_request";

/// A request that a backend must deny.
pub(crate) struct DeniedCase {
    pub(crate) case: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) reason: &'static str,
}

/// Returns a case whose only header is this assertion.
fn case_of(case: impl Into<String>, reason: &'static str, token: String) -> DeniedCase {
    DeniedCase {
        case: case.into(),
        headers: vec![(HEADER, token)],
        reason,
    }
}

/// Returns all cases of `GET /orders?page=2` at a backend that fetches public keys.
pub(crate) fn denied_by_public_key(key: &PublicKeyPair) -> Vec<DeniedCase> {
    [denied_by_any_key(key), wrong_public_keys(key)]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns all cases at a backend that has `key`, and may fetch the public half of `public` too.
pub(crate) fn denied_by_mac_key(key: &MacKey, public: &PublicKeyPair) -> Vec<DeniedCase> {
    [denied_by_any_key(key), wrong_mac_keys(key, public)]
        .into_iter()
        .flatten()
        .collect()
}

fn denied_by_any_key(key: &impl AssertionKey) -> Vec<DeniedCase> {
    [lines(key), misplaced(key), spoilt_claims(key), altered(key)]
        .into_iter()
        .flatten()
        .collect()
}

fn lines(key: &impl AssertionKey) -> Vec<DeniedCase> {
    let good = key.assert(&assertion());
    let other = key.assert(&Assertion {
        issued_at: unix_now() - 1,
        ..assertion()
    });
    let case = |case: &str, headers, reason| DeniedCase {
        case: case.to_owned(),
        headers,
        reason,
    };
    let bare = [
        ("x-user-oid", "o"),
        ("x-tenant-id", "t"),
        ("x-user-roles", "Admin"),
        ("authorization", "Bearer a.b.c"),
    ];
    let bare = bare.map(|(name, value)| (name, value.to_owned())).to_vec();
    vec![
        case("nothing", vec![], "assertion_missing"),
        case("bare identity headers", bare, "assertion_missing"),
        case(
            "the same line twice",
            vec![(HEADER, good.clone()), (HEADER, good.clone())],
            NOT_GENUINE,
        ),
        case(
            "two lines",
            vec![(HEADER, good.clone()), (HEADER, other.clone())],
            NOT_GENUINE,
        ),
        case(
            "a good line and garbage",
            vec![(HEADER, good.clone()), (HEADER, "x".to_owned())],
            NOT_GENUINE,
        ),
        case(
            "garbage and a good line",
            vec![(HEADER, "x".to_owned()), (HEADER, good.clone())],
            NOT_GENUINE,
        ),
        case(
            "a good line and an empty one",
            vec![(HEADER, good.clone()), (HEADER, String::new())],
            NOT_GENUINE,
        ),
        case_of("two in one line", NOT_GENUINE, format!("{good},{other}")),
        case_of("empty", NOT_GENUINE, String::new()),
        case_of("garbage", NOT_GENUINE, "garbage".to_owned()),
        case_of("two dots", NOT_GENUINE, "..".to_owned()),
        case_of("as a bearer token", NOT_GENUINE, format!("Bearer {good}")),
    ]
}

/// Returns good assertions for another upstream, request or time.
fn misplaced(key: &impl AssertionKey) -> Vec<DeniedCase> {
    let signed =
        |case: &str, reason, changed: Assertion| case_of(case, reason, key.assert(&changed));
    let request = |method, path| Assertion {
        request: Some(bound(method, path)),
        ..assertion()
    };
    vec![
        signed(
            "another upstream",
            OTHER_UPSTREAM,
            Assertion {
                audience: "audit".to_owned(),
                ..assertion()
            },
        ),
        signed(
            "upstream in capitals",
            OTHER_UPSTREAM,
            Assertion {
                audience: "Orders".to_owned(),
                ..assertion()
            },
        ),
        signed(
            "another method",
            OTHER_REQUEST,
            request("POST", "/orders?page=2"),
        ),
        signed(
            "method in small letters",
            OTHER_REQUEST,
            request("get", "/orders?page=2"),
        ),
        signed(
            "another path",
            OTHER_REQUEST,
            request("GET", "/tasks?page=2"),
        ),
        signed(
            "a longer path",
            OTHER_REQUEST,
            request("GET", "/orders/?page=2"),
        ),
        signed(
            "an escaped path",
            OTHER_REQUEST,
            request("GET", "/%6Frders?page=2"),
        ),
        signed(
            "without the query",
            OTHER_REQUEST,
            request("GET", "/orders"),
        ),
        signed(
            "another query",
            OTHER_REQUEST,
            request("GET", "/orders?page=3"),
        ),
        signed(
            "bound to no request",
            "assertion_not_bound",
            Assertion {
                request: None,
                ..assertion()
            },
        ),
        signed(
            "old",
            OUT_OF_TIME,
            Assertion {
                issued_at: unix_now() - 66,
                ..assertion()
            },
        ),
        signed(
            "from the future",
            OUT_OF_TIME,
            Assertion {
                issued_at: unix_now() + 60,
                ..assertion()
            },
        ),
    ]
}

/// Returns assertions with the authz server's key, with claims that the server never signs.
fn spoilt_claims(key: &impl AssertionKey) -> Vec<DeniedCase> {
    let now = unix_now();
    let changed = |case: &str, reason, members: Value| {
        let mut claims = key.claims(&assertion());
        for (name, value) in members.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        case_of(case, reason, key.sign(&key.header(), &claims))
    };
    let mut cases = vec![
        changed(
            "long-lived and old",
            OUT_OF_TIME,
            json!({"iat": now - 90, "exp": now + 600}),
        ),
        changed(
            "fresh and expired",
            OUT_OF_TIME,
            json!({"iat": now, "exp": now - 10}),
        ),
        changed(
            "another issuer",
            NOT_GENUINE,
            json!({"iss": "https://login.example"}),
        ),
        changed("bound to no path", OTHER_REQUEST, json!({"htu": null})),
        changed("bound to no method", OTHER_REQUEST, json!({"htm": null})),
        changed(
            "bound to a method alone",
            OTHER_REQUEST,
            json!({"htu": null, "jti": null}),
        ),
        changed(
            "bound to a path alone",
            OTHER_REQUEST,
            json!({"htm": null, "jti": null}),
        ),
        changed(
            "bound to an id alone",
            OTHER_REQUEST,
            json!({"htu": null, "htm": null}),
        ),
    ];
    for name in [
        "iss", "aud", "iat", "exp", "tid", "oid", "kind", "roles", "scopes",
    ] {
        cases.push(changed(
            &format!("without {name}"),
            NOT_GENUINE,
            json!({ name: null }),
        ));
    }
    cases
}

fn altered(key: &impl AssertionKey) -> Vec<DeniedCase> {
    let good = key.assert(&assertion());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut claims = key.claims(&assertion());
    claims["roles"] = json!(["Admin"]);
    let elsewhere = key.assert(&Assertion {
        issued_at: unix_now() - 1,
        ..assertion()
    });
    let zeros = "A".repeat(signature.len());
    vec![
        case_of(
            "altered claims",
            NOT_GENUINE,
            format!("{}.{signature}", content(&key.header(), &claims)),
        ),
        case_of(
            "another's signature",
            NOT_GENUINE,
            format!("{signed}.{}", elsewhere.rsplit_once('.').unwrap().1),
        ),
        case_of("no signature", NOT_GENUINE, format!("{signed}.")),
        // CVE-2022-21449: r and s of zero verified for every message.
        case_of(
            "a signature of zeros",
            NOT_GENUINE,
            format!("{signed}.{zeros}"),
        ),
        case_of("two parts", NOT_GENUINE, signed.to_owned()),
        case_of("four parts", NOT_GENUINE, format!("{good}.{signature}")),
    ]
}
