use std::sync::Arc;

use portcullis_assertion::{MacKeys, Signer};
use portcullis_policy::{PolicySet, RoutePolicy};
use portcullis_token::{Caller, CallerKind, Claims, Verified};

use super::Gate;
use crate::known_caller::KnownCaller;
use crate::mac_keys::UpstreamMacKeys;
use crate::rehearsal::Stage;

const NOW: u64 = 1_800_000_000;
const KEYS: [&str; 2] = [
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=",
];

async fn gate() -> (Arc<Gate>, RoutePolicy) {
    let text = include_str!("../../../../dev/stack/policy.yaml");
    let text = text.replace(
        "name: task-api",
        "name: task-api, assertion: {bind: identity}",
    );
    let stage = Stage::set(PolicySet::compile([("policy.yaml", &*text)]).unwrap())
        .await
        .unwrap();
    let policy = stage.policies().policy("tasks").unwrap().clone();
    (stage.fresh_handler().unwrap().gate, policy)
}

fn caller(gate: &Gate, policy: &RoutePolicy) -> Arc<KnownCaller> {
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
    let grant = policy.grant(Some(&verified)).unwrap();
    gate.known(&gate.routes(), policy, &verified, grant)
        .unwrap()
}

fn mac_keys(key: &str) -> UpstreamMacKeys {
    UpstreamMacKeys::of("task-api", MacKeys::parse(key).unwrap())
}

/// Services refuse what a removed key signed within seconds, so handing out the rest of its half
/// minute would refuse every caller for that long.
#[tokio::test]
async fn an_assertion_for_any_request_is_kept_until_its_key_changes() {
    let (gate, policy) = gate().await;
    let caller = caller(&gate, &policy);
    let sign = |now: u64| gate.sign_identity(&policy, &caller, now).ok().unwrap();
    let changes: [(&str, &dyn Fn()); 4] = [
        ("a public key", &|| {
            gate.replace_signer(Signer::generate().unwrap())
        }),
        ("shared for the first time", &|| {
            gate.replace_mac_keys(mac_keys(KEYS[0]))
        }),
        ("another shared key", &|| {
            gate.replace_mac_keys(mac_keys(KEYS[1]))
        }),
        ("shared no more", &|| {
            gate.replace_mac_keys(UpstreamMacKeys::default())
        }),
    ];
    let mut last = sign(NOW);
    for (case, change) in changes {
        assert!(
            Arc::ptr_eq(&last, &sign(NOW + 29)),
            "{case}: signed again without need"
        );
        change();
        let signed = sign(NOW + 1);
        assert_ne!(
            last.split('.').next(),
            signed.split('.').next(),
            "{case}: by the same key"
        );
        last = signed;
    }
    assert!(
        !Arc::ptr_eq(&last, &sign(NOW + 31)),
        "half its life is over"
    );
}
