//! The HTTP filters of a case, made from the shipped ones.

use anyhow::{Context, bail};
use portcullis_bench::{API, ISSUER, IssuerKey};
use serde_json::{Value, json};

use crate::case::Filters;
use crate::policies::{ROLE, SCOPE};
use crate::servers;

const EXT_AUTHZ: &str = "envoy.filters.http.ext_authz";
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
const CLUSTER: &str = "/typed_config/grpc_service/envoy_grpc/cluster_name";

/// Replaces the shipped ext_authz filter by the filters of the case.
pub(crate) fn replace(
    filters: &mut Vec<Value>,
    case: Filters,
    key: &IssuerKey,
) -> anyhow::Result<()> {
    let is_authz = |filter: &Value| filter.get("name").is_some_and(|name| name == EXT_AUTHZ);
    let at = filters
        .iter()
        .position(is_authz)
        .context("the shipped listener has no ext_authz filter")?;
    match case {
        Filters::None => drop(filters.remove(at)),
        Filters::JwtAuthn { cache } => {
            filters.splice(at..=at, [jwt_authn(key, cache), rbac()]);
        }
        Filters::ExtAuthz { server, .. } => {
            let cluster = filters
                .get_mut(at)
                .and_then(|filter| filter.pointer_mut(CLUSTER));
            *cluster.with_context(|| format!("the shipped ext_authz filter has no {CLUSTER}"))? =
                servers::name(server).into();
        }
        Filters::Bare => bail!("the bare listener is not made from the shipped one"),
    }
    Ok(())
}

/// A jwt_authn filter that verifies the same tokens and sets as many headers as the authz server.
fn jwt_authn(key: &IssuerKey, cache: Option<u16>) -> Value {
    let headers = [
        ("x-user-oid", "oid"),
        ("x-user-name", "name"),
        ("x-user-email", "preferred_username"),
        ("x-tenant-id", "tid"),
        ("x-user-roles", "roles"),
    ];
    let headers =
        headers.map(|(header, claim)| json!({"header_name": header, "claim_name": claim}));
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": [API],
        "local_jwks": {"inline_string": json!({"keys": [key.jwk()]}).to_string()},
        "forward": true,
        "payload_in_metadata": "jwt_payload",
        "claim_to_headers": headers,
    });
    if let (Some(cache), Some(provider)) = (cache, provider.as_object_mut()) {
        provider.insert(
            "jwt_cache_config".to_owned(),
            json!({ "jwt_cache_size": cache }),
        );
    }
    let config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"issuer": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "issuer"}}],
    });
    json!({"name": JWT_AUTHN, "typed_config": config})
}

/// An RBAC filter with the rule of the policies.
fn rbac() -> Value {
    let claim = |name: &str, value: Value| {
        let path = json!([{"key": "jwt_payload"}, {"key": name}]);
        let matcher = json!({"filter": JWT_AUTHN, "path": path, "value": value});
        json!({"sourced_metadata": {"metadata_matcher": matcher}})
    };
    let scope = claim("scp", json!({"string_match": {"exact": SCOPE}}));
    let role = claim(
        "roles",
        json!({"list_match": {"one_of": {"string_match": {"exact": ROLE}}}}),
    );
    let policy = json!({
        "permissions": [{"any": true}],
        "principals": [{"and_ids": {"ids": [scope, role]}}],
    });
    let config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
        "rules": {"action": "ALLOW", "policies": {"tasks": policy}},
    });
    json!({"name": "envoy.filters.http.rbac", "typed_config": config})
}
