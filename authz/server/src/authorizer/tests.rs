use std::sync::Arc;

use portcullis_assertion::{MacKeys, Signer};
use portcullis_policy::{AccessRequest, Decision, PolicySet, RoutePolicy};
use portcullis_token::{Caller, CallerKind, Claims, Verified};

use super::Authorizer;
use crate::cached_caller::CachedCaller;
use crate::mac_keys::UpstreamMacKeys;
use crate::offline::OfflinePolicies;

const NOW: u64 = 1_800_000_000;
const KEYS: [&str; 2] = [
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=",
];

async fn authorizer() -> (Arc<Authorizer>, RoutePolicy) {
    let yaml = include_str!("../../../../examples/policies/task-suite.yaml");
    let yaml = yaml.replace(
        "name: task-api",
        "name: task-api, assertion: {bind: identity}",
    );
    let offline = OfflinePolicies::new(PolicySet::compile([("policy.yaml", &*yaml)]).unwrap())
        .await
        .unwrap();
    let policy = offline.policies().policy("tasks").unwrap().clone();
    (offline.fresh_handler().unwrap().authorizer, policy)
}

fn caller(authorizer: &Authorizer, policy: &RoutePolicy) -> Arc<CachedCaller> {
    let caller = Caller {
        tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
        object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
        kind: CallerKind::User,
        actor: None,
        name: Some("Renée".to_owned()),
        email: None,
        roles: Vec::new(),
        scopes: vec!["access_as_user".to_owned()],
    };
    let verified = Verified {
        caller,
        claims: Claims::default(),
        valid: NOW..NOW + 3600,
        key_epoch: 0,
    };
    let request = AccessRequest {
        caller: Some(&verified),
        method: "GET",
    };
    let Decision::Allow { grant, .. } = policy.decide(&request) else {
        panic!("the policy denies the caller of these tests")
    };
    authorizer
        .cached(&authorizer.routes(), policy, &verified, grant)
        .unwrap()
}

fn mac_keys(key: &str) -> UpstreamMacKeys {
    UpstreamMacKeys::of("task-api", MacKeys::parse(key).unwrap())
}

/// Services deny assertions of a removed key within seconds. To reuse them for the rest of their
/// half minute would deny every caller for that long.
#[tokio::test]
async fn unbound_assertion_is_kept_until_its_key_changes() {
    struct Case {
        name: &'static str,
        change: fn(&Authorizer),
    }
    let (authorizer, policy) = authorizer().await;
    let caller = caller(&authorizer, &policy);
    let sign = |now: u64| {
        authorizer
            .sign_identity(&policy, &caller, now)
            .ok()
            .unwrap()
    };
    let mut last = sign(NOW);
    for Case { name, change } in [
        Case {
            name: "a public key",
            change: |authorizer| authorizer.replace_signer(Signer::generate().unwrap()),
        },
        Case {
            name: "shared for the first time",
            change: |authorizer| authorizer.replace_mac_keys(mac_keys(KEYS[0])),
        },
        Case {
            name: "another shared key",
            change: |authorizer| authorizer.replace_mac_keys(mac_keys(KEYS[1])),
        },
        Case {
            name: "shared no more",
            change: |authorizer| authorizer.replace_mac_keys(UpstreamMacKeys::default()),
        },
    ] {
        assert!(
            Arc::ptr_eq(&last, &sign(NOW + 29)),
            "{name}: signed again without need"
        );
        change(&authorizer);
        let signed = sign(NOW + 1);
        assert_ne!(
            last.split('.').next(),
            signed.split('.').next(),
            "{name}: by the same key"
        );
        last = signed;
    }
    assert!(
        !Arc::ptr_eq(&last, &sign(NOW + 31)),
        "a new one after half its life"
    );
}
