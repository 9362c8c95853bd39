//! The issuer and the policies of every case that verifies tokens.

use portcullis_bench::{API, ISSUER, IssuerKey};
use serde_json::{Value, json};

use crate::case::Policy;

/// The service behind every policy.
pub(crate) const UPSTREAM: &str = "task-api";
/// The scope that a caller must have.
pub(crate) const SCOPE: &str = "access_as_user";
/// One of the roles of which a caller must have one.
pub(crate) const ROLE: &str = "Editor";

/// Documents with one policy for each binding. `generation` makes them differ from earlier ones.
pub(crate) fn documents(key: &IssuerKey, generation: u64) -> String {
    let issuer = json!({
        "apiVersion": "portcullis.dev/v1alpha1", "kind": "TokenIssuer",
        "metadata": {"name": "issuer"},
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
        "apiVersion": "portcullis.dev/v1alpha1", "kind": "RoutePolicy",
        "metadata": {"name": policy.name()},
        "spec": {
            "issuer": "issuer", "audiences": [API],
            "allow": [{"callers": "users", "scopes": [SCOPE], "roles": ["Admin", ROLE, "Reader"]}],
            // The rate limit counts every request, and denies none with a few dozen users.
            "rateLimit": {"requests": 1000, "per": "1s"},
            "upstream": {
                "name": UPSTREAM, "forwardToken": true, "assertion": {"bind": policy.name()},
            },
        },
    })
}
