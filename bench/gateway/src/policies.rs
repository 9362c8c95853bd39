//! The issuer and the policies that every case that verifies tokens applies.

use portcullis_bench::{API, ISSUER, IssuerKey};
use serde_json::{Value, json};

use crate::case::Policy;

/// The service behind every policy.
pub(crate) const UPSTREAM: &str = "task-api";
/// The scope and one of the roles that a caller must have.
pub(crate) const SCOPE: &str = "access_as_user";
pub(crate) const ROLE: &str = "Editor";

/// Documents with one policy for each binding. `generation` makes one text differ from another.
pub(crate) fn documents(key: &IssuerKey, generation: u64) -> String {
    let issuer = json!({
        "apiVersion": "portcullis.dev/v1alpha1", "kind": "TokenIssuer", "metadata": {"name": "issuer"},
        "spec": {"oidc": {
            "issuer": ISSUER, "jwks": {"keys": [key.jwk()]},
            "claims": {"subject": "oid", "scopes": "scp", "email": "preferred_username"},
        }},
    });
    let policies = Policy::ALL
        .map(|policy| document(policy).to_string())
        .join("\n---\n");
    format!("# {generation}\n{issuer}\n---\n{policies}\n")
}

fn document(policy: Policy) -> Value {
    json!({
        "apiVersion": "portcullis.dev/v1alpha1", "kind": "RoutePolicy", "metadata": {"name": policy.name()},
        "spec": {
            "issuer": "issuer", "audiences": [API],
            "allow": [{"callers": "users", "scopes": [SCOPE], "roles": ["Admin", ROLE, "Reader"]}],
            // The limiter counts, and denies nothing as long as there are a few dozen users.
            "rateLimit": {"requests": 1000, "per": "1s"},
            "upstream": {"name": UPSTREAM, "forwardToken": true, "assertion": {"bind": policy.name()}},
        },
    })
}
