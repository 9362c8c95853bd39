mod deny_list;
mod entra_ids;
mod explanation;
mod field_errors;
mod issuer;
mod reports;
mod rules;

use portcullis_token::{Caller, CallerKind, Claims, Verified};
use serde_json::Value;

use super::PolicySet;
use crate::{AccessRequest, Decision, DenialReason, RoutePolicy};

const API: &str = "3a5c0001-0000-4000-8000-000000000001";
const CLIENT: &str = "3a5c0004-0000-4000-8000-000000000004";
const BAD_USER: &str = "aaaaaaaa-0bad-4000-8000-00000000000a";
const BAD_CLIENT: &str = "3a5c0bad-0000-4000-8000-00000000000c";

const GOOD: &str = "
apiVersion: portcullis.dev/v1alpha1
kind: TokenIssuer
metadata: {name: entra, labels: {team: a}}
spec:
  entra: {tenants: [11111111-1111-4111-8111-111111111111]}
---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: tasks}
spec:
  issuer: entra
  application: 3a5c0001-0000-4000-8000-000000000001
  allow:
    - callers: users
      scopes: [access_as_user]
    - callers: applications
      roles: [Tasks.Read, Tasks.Write]
      actors: [3a5c0004-0000-4000-8000-000000000004]
  rateLimit: {requests: 100, per: 60s}
  upstream: {name: task-api, forwardToken: true}
";

fn compile(text: &str) -> Result<PolicySet, String> {
    PolicySet::compile([("policy.yaml", text)]).map_err(|problems| problems.to_string())
}

fn caller(kind: CallerKind, roles: &[&str], scopes: &[&str]) -> Verified {
    let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let actor = Some(CLIENT.to_owned());
    let caller = Caller {
        tenant: "t".to_owned(),
        object_id: "o".to_owned(),
        kind,
        actor,
        name: None,
        email: None,
        roles: owned(roles),
        scopes: owned(scopes),
    };
    Verified {
        caller,
        claims: Claims::default(),
        valid: 0..u64::MAX,
        key_epoch: 0,
    }
}

fn claiming(verified: Verified, claims: Value) -> Verified {
    let Value::Object(claims) = claims else {
        panic!("claims are an object")
    };
    Verified {
        claims: Claims::from(claims),
        ..verified
    }
}

fn decide(
    policy: &RoutePolicy,
    caller: Option<&Verified>,
    method: &str,
) -> Result<usize, DenialReason> {
    match policy.decide(&AccessRequest { caller, method }) {
        Decision::Allow { rule, .. } => Ok(rule),
        Decision::Deny(denial) => Err(denial.reason),
    }
}
