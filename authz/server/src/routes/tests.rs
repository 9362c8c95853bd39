use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{AccessRequest, Decision, PolicySet};
use portcullis_runtime::{PartState, Registry};
use portcullis_token::{Caller, CallerKind, Claims, KeyPolicy, KeySources, Verified};
use reqwest::Client;

use super::{ReplacedPolicies, RouteSettings, Routes};
use crate::metrics::Metrics;

/// Inline keys, so that no network is needed.
const KEYS: &str = r#"{keys: [{kty: RSA, kid: k, e: AQAB, n: "N"}]}"#;

const USERS: &str = "users, scopes: [read]";

fn settings() -> RouteSettings {
    let keys = KeySources::new(
        Client::builder().no_proxy().build().unwrap(),
        KeyPolicy::default(),
    );
    RouteSettings {
        keys,
        cache_capacity: 0,
        metrics: Metrics::register(&mut Registry::default()),
    }
}

/// A TokenIssuer. Port 1 of this machine is closed, so without inline keys it has none.
fn issuer(name: &str, has_keys: bool, more: &str) -> String {
    let modulus = "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95\
                   GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BT\
                   YuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTl\
                   XHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tej\
                   vcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw";
    let keys = if has_keys {
        format!(", jwks: {}", KEYS.replace('N', modulus))
    } else {
        String::new()
    };
    let spec = format!("{{oidc: {{issuer: 'https://127.0.0.1:1/{name}'{keys}{more}}}}}");
    format!(
        "---\napiVersion: portcullis.dev/v1alpha1\nkind: TokenIssuer\n\
         metadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn policy(name: &str, issuer: Option<&str>, callers: &str) -> String {
    let tokens = issuer.map_or_else(String::new, |issuer| {
        format!("issuer: {issuer}, audiences: [api], ")
    });
    let spec = format!("{{{tokens}allow: [{{callers: {callers}}}], upstream: {{name: web}}}}");
    format!(
        "---\napiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
         metadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn compiled(documents: &[String]) -> PolicySet {
    PolicySet::compile([("policy.yaml", documents.concat().as_str())]).unwrap()
}

fn name_of(state: &PartState) -> &'static str {
    match state {
        PartState::Works => "works",
        PartState::Degraded(_) => "degraded",
        PartState::Fails(_) => "fails",
    }
}

#[tokio::test]
async fn one_policy_that_can_be_served_is_enough_for_readiness() {
    struct Case {
        name: &'static str,
        documents: Vec<String>,
        expected: &'static str,
    }
    let here = || issuer("here", true, "");
    let away = || issuer("away", false, "");
    let users = |name, of| policy(name, Some(of), USERS);
    for Case {
        name,
        documents,
        expected,
    } in [
        Case {
            name: "no issuer",
            documents: vec![policy("web", None, "anyone")],
            expected: "works",
        },
        Case {
            name: "an issuer with keys",
            documents: vec![here(), users("api", "here")],
            expected: "works",
        },
        Case {
            name: "none with keys",
            documents: vec![away(), users("api", "away")],
            expected: "fails",
        },
        Case {
            name: "one of two",
            documents: vec![here(), away(), users("api", "here"), users("old", "away")],
            expected: "degraded",
        },
        Case {
            name: "anonymous routes beside",
            documents: vec![away(), users("api", "away"), policy("web", None, "anyone")],
            expected: "degraded",
        },
        Case {
            name: "a route that needs no token",
            documents: vec![away(), policy("web", Some("away"), "anyone")],
            expected: "degraded",
        },
        Case {
            name: "an issuer that no policy uses",
            documents: vec![here(), away(), users("api", "here")],
            expected: "works",
        },
    ] {
        let routes = Routes::start(&compiled(&documents), &settings()).unwrap();
        for (issuer, verifier) in routes.issuers() {
            if issuer == "here" {
                verifier.settled().await;
            }
        }
        let state = routes.part_state();
        assert_eq!(name_of(&state), expected, "{name}: {state:?}");
        if let PartState::Degraded(reason) | PartState::Fails(reason) = state {
            assert!(
                reason.contains("issuer away: https://127.0.0.1:1/away/"),
                "{name}: {reason}"
            );
        }
    }
}

#[tokio::test]
async fn issuer_that_is_renamed_or_changed_keeps_the_keys_of_its_source() {
    struct Case {
        name: &'static str,
        documents: Vec<String>,
        keys: bool,
    }
    let settings = settings();
    let start = |documents: &[String]| Routes::start(&compiled(documents), &settings).unwrap();
    let users = |of| policy("api", Some(of), USERS);
    let before = start(&[issuer("here", true, ""), users("here")]);
    before.keys_settled().await;
    let renamed =
        issuer("here", true, "").replace("metadata: {name: here}", "metadata: {name: again}");
    for Case {
        name,
        documents,
        keys,
    } in [
        Case {
            name: "unchanged",
            documents: vec![issuer("here", true, ""), users("here")],
            keys: true,
        },
        Case {
            name: "renamed",
            documents: vec![renamed, users("again")],
            keys: true,
        },
        Case {
            name: "other claims",
            documents: vec![
                issuer("here", true, ", claims: {subject: oid}"),
                users("here"),
            ],
            keys: true,
        },
        Case {
            name: "another source",
            documents: vec![issuer("there", true, ""), users("there")],
            keys: false,
        },
    ] {
        let after = start(&documents);
        // Nothing was awaited since, so keys can only be the earlier ones.
        assert_eq!(
            after.issuers().all(|(_, verifier)| verifier.has_keys()),
            keys,
            "{name}"
        );
    }
}

#[tokio::test]
async fn policies_of_an_issuer_are_listed_in_order() {
    let documents = [
        issuer("here", true, ""),
        policy("b", Some("here"), USERS),
        policy("a", Some("here"), USERS),
    ];
    let routes = Arc::new(Routes::start(&compiled(&documents), &settings()).unwrap());
    assert_eq!(
        (routes.policies_of("here"), routes.policies_of("other")),
        (vec!["a", "b"], vec![])
    );
}

const NOW: u64 = 1_800_000_000;
const GRACE: Duration = Duration::from_mins(2);

fn started(documents: &[String]) -> Routes {
    Routes::start(&compiled(documents), &settings()).unwrap()
}

/// Routes for `documents`, put in force at `now` after `before`.
fn after(before: &Routes, documents: &[String], now: u64) -> Routes {
    started(documents).keep_removed(before, &compiled(documents), now, GRACE)
}

#[tokio::test]
async fn removed_policy_decides_for_its_grace_and_no_longer() {
    struct Case<'a> {
        name: &'static str,
        routes: &'a Routes,
        policy: &'static str,
        at: u64,
        decides: bool,
    }
    let here = || issuer("here", true, "");
    let users = |name| policy(name, Some("here"), USERS);
    let first = started(&[
        here(),
        users("old"),
        users("api"),
        policy("open", None, "anyone"),
    ]);
    let second = after(&first, &[here(), users("api")], NOW);
    let third = after(&second, &[here(), users("new")], NOW + 60);
    let back = after(&second, &[here(), users("old")], NOW + 60);
    let elsewhere = after(
        &first,
        &[
            issuer("there", true, ""),
            policy("new", Some("there"), USERS),
        ],
        NOW,
    );
    for Case {
        name,
        routes,
        policy,
        at,
        decides,
    } in [
        Case {
            name: "in force",
            routes: &second,
            policy: "api",
            at: NOW + 1000,
            decides: true,
        },
        Case {
            name: "removed",
            routes: &second,
            policy: "old",
            at: NOW + 119,
            decides: true,
        },
        Case {
            name: "removed, and needs no token",
            routes: &second,
            policy: "open",
            at: NOW + 119,
            decides: true,
        },
        Case {
            name: "grace is over",
            routes: &second,
            policy: "old",
            at: NOW + 120,
            decides: false,
        },
        Case {
            name: "never was",
            routes: &second,
            policy: "other",
            at: NOW,
            decides: false,
        },
        Case {
            name: "removed by the next set",
            routes: &third,
            policy: "api",
            at: NOW + 179,
            decides: true,
        },
        Case {
            name: "grace after the next set is over",
            routes: &third,
            policy: "api",
            at: NOW + 180,
            decides: false,
        },
        Case {
            name: "removed by an earlier set",
            routes: &third,
            policy: "old",
            at: NOW + 119,
            decides: true,
        },
        Case {
            name: "next set prolongs nothing",
            routes: &third,
            policy: "old",
            at: NOW + 120,
            decides: false,
        },
        Case {
            name: "back again",
            routes: &back,
            policy: "old",
            at: NOW + 1000,
            decides: true,
        },
        Case {
            name: "its issuer is gone",
            routes: &elsewhere,
            policy: "old",
            at: NOW,
            decides: false,
        },
        Case {
            name: "its issuer is gone, but it needs no token",
            routes: &elsewhere,
            policy: "open",
            at: NOW,
            decides: true,
        },
    ] {
        assert_eq!(routes.get(policy, at).is_some(), decides, "{name}");
    }
    let numbers: HashSet<u32> = ["new", "api", "old", "open"]
        .iter()
        .map(|name| third.get(name, NOW + 61).unwrap().number)
        .collect();
    assert_eq!(numbers.len(), 4, "the cache tells them apart");
    assert_eq!(
        third.removed_policies(NOW + 61),
        [("api", 119), ("old", 59), ("open", 59)]
    );
    assert_eq!(third.policy_names(), ["new"]);
}

#[tokio::test]
async fn removed_policy_denies_callers_on_the_new_deny_list() {
    struct Case {
        name: &'static str,
        more: &'static str,
        granted: bool,
    }
    let users = |name| policy(name, Some("here"), USERS);
    let first = started(&[issuer("here", true, ""), users("old"), users("api")]);
    let caller = Caller {
        tenant: "https://127.0.0.1:1/here".to_owned(),
        object_id: "mallory".to_owned(),
        kind: CallerKind::User,
        actor: None,
        name: None,
        email: None,
        roles: Vec::new(),
        scopes: vec!["read".to_owned()],
    };
    let verified = Verified {
        caller,
        claims: Claims::default(),
        valid: NOW..NOW + 3600,
        key_epoch: 0,
    };
    let deny_list = "---\napiVersion: portcullis.dev/v1alpha1\nkind: DenyList\n\
                     metadata: {name: now}\nspec: {callers: [mallory]}\n";
    for Case {
        name,
        more,
        granted,
    } in [
        Case {
            name: "no deny list",
            more: "",
            granted: true,
        },
        Case {
            name: "a new deny list",
            more: deny_list,
            granted: false,
        },
    ] {
        let routes = after(
            &first,
            &[issuer("here", true, ""), users("api"), more.to_owned()],
            NOW,
        );
        for policy in ["api", "old"] {
            let request = AccessRequest {
                caller: Some(&verified),
                method: "GET",
            };
            let decision = routes.get(policy, NOW).unwrap().policy.decide(&request);
            let allows = matches!(decision, Decision::Allow { .. });
            assert_eq!(allows, granted, "{name}: {policy}: {decision:?}");
        }
    }
}

#[tokio::test]
async fn server_that_starts_after_a_change_keeps_replaced_policies() {
    struct Case {
        name: &'static str,
        json: String,
        policy: &'static str,
        at: u64,
        decides: bool,
    }
    let here = || issuer("here", true, "");
    let users = |name| policy(name, Some("here"), USERS);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replaced.json");
    let document = |until: u64, documents: &[String]| {
        serde_json::json!({ "until": until, "documents": documents.concat() }).to_string()
    };
    let before = [
        here(),
        users("old"),
        users("api"),
        issuer("gone", true, ""),
        policy("away", Some("gone"), USERS),
    ];
    let now = [here(), users("api")];
    for Case {
        name,
        json,
        policy,
        at,
        decides,
    } in [
        Case {
            name: "removed",
            json: document(NOW + 60, &before),
            policy: "old",
            at: NOW + 59,
            decides: true,
        },
        Case {
            name: "its time is over",
            json: document(NOW + 60, &before),
            policy: "old",
            at: NOW + 60,
            decides: false,
        },
        Case {
            name: "longer than the grace",
            json: document(NOW + 1000, &before),
            policy: "old",
            at: NOW + 120,
            decides: false,
        },
        Case {
            name: "over before the start",
            json: document(NOW, &before),
            policy: "old",
            at: NOW,
            decides: false,
        },
        Case {
            name: "still there",
            json: document(NOW + 60, &before),
            policy: "api",
            at: NOW + 1000,
            decides: true,
        },
        Case {
            name: "its issuer is gone",
            json: document(NOW + 60, &before),
            policy: "away",
            at: NOW,
            decides: false,
        },
        Case {
            name: "damaged",
            json: "{".to_owned(),
            policy: "old",
            at: NOW,
            decides: false,
        },
        Case {
            name: "no policies",
            json: document(NOW + 60, &["kind: x".to_owned()]),
            policy: "old",
            at: NOW,
            decides: false,
        },
    ] {
        std::fs::write(&file, json).unwrap();
        let mut routes = started(&now);
        if let Some(replaced) = ReplacedPolicies::read(&file, NOW) {
            routes = routes
                .keep_replaced(&replaced, &compiled(&now), &settings(), (NOW, GRACE))
                .unwrap();
        }
        assert_eq!(routes.get(policy, at).is_some(), decides, "{name}");
    }
    assert!(ReplacedPolicies::read(&folder.path().join("absent.json"), NOW).is_none());
}
