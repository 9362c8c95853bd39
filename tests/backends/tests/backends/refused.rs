//! What a backend must refuse with 401, and for which reason.

use portcullis_assertion::{Assertion, HEADER};
use portcullis_token::unix_now;
use serde_json::{Value, json};

use crate::gate::{assertion, bound};
use crate::shared_key::SharedKey;
use crate::signing_key::{AssertionKey, SigningKey, content, sign_hs256};

const NOT_GENUINE: &str = "assertion_not_genuine";
const OUT_OF_TIME: &str = "assertion_out_of_time";
const OTHER_UPSTREAM: &str = "assertion_for_other_upstream";
const OTHER_REQUEST: &str = "assertion_for_other_request";

/// A request that must be refused.
pub(crate) struct Refused {
    pub(crate) case: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) reason: &'static str,
}

/// One that has this assertion and nothing else.
fn one(case: impl Into<String>, reason: &'static str, token: String) -> Refused {
    Refused {
        case: case.into(),
        headers: vec![(HEADER, token)],
        reason,
    }
}

/// All of them, for `GET /orders?page=2`, at a backend that fetches public keys.
pub(crate) fn refused(key: &SigningKey) -> Vec<Refused> {
    [refused_of_any(key), other_public_keys(key)]
        .into_iter()
        .flatten()
        .collect()
}

/// The same at a backend that shares `key`, and may fetch the public half of `public` too.
pub(crate) fn refused_by_mac(key: &SharedKey, public: &SigningKey) -> Vec<Refused> {
    [refused_of_any(key), other_shared_keys(key, public)]
        .into_iter()
        .flatten()
        .collect()
}

fn refused_of_any(key: &impl AssertionKey) -> Vec<Refused> {
    [
        lines(key),
        said_of_something_else(key),
        spoilt_claims(key),
        altered(key),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn lines(key: &impl AssertionKey) -> Vec<Refused> {
    let good = key.assert(&assertion());
    let other = key.assert(&Assertion {
        issued_at: unix_now() - 1,
        ..assertion()
    });
    let case = |case: &str, headers, reason| Refused {
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
        one("two in one line", NOT_GENUINE, format!("{good},{other}")),
        one("empty", NOT_GENUINE, String::new()),
        one("garbage", NOT_GENUINE, "garbage".to_owned()),
        one("two dots", NOT_GENUINE, "..".to_owned()),
        one("as a bearer token", NOT_GENUINE, format!("Bearer {good}")),
    ]
}

/// Good assertions in the wrong place or at the wrong time.
fn said_of_something_else(key: &impl AssertionKey) -> Vec<Refused> {
    let signed = |case: &str, reason, changed: Assertion| one(case, reason, key.assert(&changed));
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

/// Signed with the gate's key, and nothing that the gate would say.
fn spoilt_claims(key: &impl AssertionKey) -> Vec<Refused> {
    let now = unix_now();
    let changed = |case: &str, reason, members: Value| {
        let mut claims = key.claims(&assertion());
        for (name, value) in members.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        one(case, reason, key.sign(&key.header(), &claims))
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

fn other_public_keys(key: &SigningKey) -> Vec<Refused> {
    let (stranger, claims) = (SigningKey::generate(), key.claims(&assertion()));
    let with = |members: Value| {
        let mut header = key.header();
        header
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        header
    };
    let mut cases = vec![
        one("an unknown key", NOT_GENUINE, stranger.assert(&assertion())),
        one(
            "another key by the gate's name",
            NOT_GENUINE,
            stranger.sign(&key.header(), &claims),
        ),
        one(
            "a key in the header",
            NOT_GENUINE,
            stranger.sign(&with(json!({"jwk": stranger.jwk()})), &claims),
        ),
        one(
            "no key's name",
            NOT_GENUINE,
            stranger.sign(&json!({"alg": "ES256"}), &claims),
        ),
        one(
            "a published key of another algorithm",
            NOT_GENUINE,
            key.sign_es384(&claims),
        ),
        one(
            "ES384 in the header",
            NOT_GENUINE,
            key.sign(&with(json!({"alg": "ES384"})), &claims),
        ),
    ];
    for none in ["none", "None", "NONE", ""] {
        let unsigned = content(&with(json!({"alg": none})), &claims) + ".";
        cases.push(one(format!("alg {none:?}"), NOT_GENUINE, unsigned));
    }
    for (number, secret) in key.as_hmac_secrets().iter().enumerate() {
        let forged = sign_hs256(secret, &with(json!({"alg": "HS256"})), &claims);
        cases.push(one(
            format!("HS256 with the public key, spelling {number}"),
            NOT_GENUINE,
            forged,
        ));
    }
    cases
}

/// Attacks that have one kind of key taken for the other.
pub(crate) fn other_shared_keys(key: &SharedKey, public: &SigningKey) -> Vec<Refused> {
    let (stranger, claims) = (SharedKey::generate(), key.claims(&assertion()));
    let with = |alg: Value, kid: &str| json!({ "alg": alg, "typ": "JWT", "kid": kid });
    let own = key.key_id();
    let public_id = public.jwk()["kid"].as_str().unwrap().to_owned();
    let mut cases = vec![
        one(
            "another upstream's key",
            NOT_GENUINE,
            stranger.assert(&assertion()),
        ),
        one(
            "another upstream's key by the own name",
            NOT_GENUINE,
            stranger.sign(&key.header(), &claims),
        ),
        one(
            "no key's name",
            NOT_GENUINE,
            key.sign(&json!({"alg": "HS256"}), &claims),
        ),
        one(
            "a MAC that says ES256",
            NOT_GENUINE,
            key.sign(&with(json!("ES256"), &own), &claims),
        ),
        one(
            "a MAC by the public key's name",
            NOT_GENUINE,
            key.sign(&with(json!("ES256"), &public_id), &claims),
        ),
        one(
            "a signature that says HS256",
            NOT_GENUINE,
            public.sign(&key.header(), &claims),
        ),
        one(
            "an empty secret",
            NOT_GENUINE,
            sign_hs256(b"", &key.header(), &claims),
        ),
        one(
            "the key's name for its secret",
            NOT_GENUINE,
            sign_hs256(own.as_bytes(), &key.header(), &claims),
        ),
    ];
    for alg in [
        json!("none"),
        json!("None"),
        json!(""),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!(null),
    ] {
        let case = format!("alg {alg}");
        cases.push(one(
            case.clone(),
            NOT_GENUINE,
            key.sign(&with(alg.clone(), &own), &claims),
        ));
        cases.push(one(
            case,
            NOT_GENUINE,
            content(&with(alg, &own), &claims) + ".",
        ));
    }
    for (number, secret) in public.as_hmac_secrets().iter().enumerate() {
        for kid in [&own, &public_id] {
            let forged = sign_hs256(secret, &with(json!("HS256"), kid), &claims);
            cases.push(one(
                format!("HS256 with the public key, spelling {number}, {kid}"),
                NOT_GENUINE,
                forged,
            ));
        }
    }
    cases
}

fn altered(key: &impl AssertionKey) -> Vec<Refused> {
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
        one(
            "altered claims",
            NOT_GENUINE,
            format!("{}.{signature}", content(&key.header(), &claims)),
        ),
        one(
            "another's signature",
            NOT_GENUINE,
            format!("{signed}.{}", elsewhere.rsplit_once('.').unwrap().1),
        ),
        one("no signature", NOT_GENUINE, format!("{signed}.")),
        // CVE-2022-21449: r and s of zero were a good signature of everything.
        one(
            "a signature of zeros",
            NOT_GENUINE,
            format!("{signed}.{zeros}"),
        ),
        one("two parts", NOT_GENUINE, signed.to_owned()),
        one("four parts", NOT_GENUINE, format!("{good}.{signature}")),
    ]
}
