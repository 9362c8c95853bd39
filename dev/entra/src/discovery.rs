//! The metadata and key endpoints.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::authority::{Authority, Version};
use crate::entra::Entra;
use crate::knobs::weak_key;
use crate::oauth_error::OAuthError;

/// The name of Entra's public cloud.
pub(crate) const CLOUD: &str = "microsoftonline.com";

/// The tenant or shared endpoint of a metadata request.
struct Scope {
    /// Its path segment in URLs.
    segment: String,
    /// Its path segment in issuers. The shared endpoints have a placeholder, which clients replace
    /// by a token's `tid`.
    issuer_tenant: String,
}

impl Scope {
    fn parse(entra: &Entra, segment: &str) -> Result<Self, OAuthError> {
        if let Some(shared) = ["common", "organizations"]
            .iter()
            .find(|shared| segment.eq_ignore_ascii_case(shared))
        {
            return Ok(Self {
                segment: (*shared).to_owned(),
                issuer_tenant: "{tenantid}".to_owned(),
            });
        }
        let tenant = entra
            .directory
            .tenant(segment)
            .ok_or_else(|| OAuthError::UnknownTenant(segment.to_owned()))?;
        let id = tenant.id.to_string();
        Ok(Self {
            segment: id.clone(),
            issuer_tenant: id,
        })
    }
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`
pub(crate) async fn metadata_v2(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, OAuthError> {
    Ok(Json(metadata(
        &entra.authority,
        Version::V2,
        &Scope::parse(&entra, &tenant)?,
    )))
}

/// `GET /{tenant}/.well-known/openid-configuration`
pub(crate) async fn metadata_v1(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, OAuthError> {
    Ok(Json(metadata(
        &entra.authority,
        Version::V1,
        &Scope::parse(&entra, &tenant)?,
    )))
}

/// `GET /{tenant}/discovery/v2.0/keys`
pub(crate) async fn keys_v2(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, OAuthError> {
    let issuer = entra
        .authority
        .issuer(Version::V2, &Scope::parse(&entra, &tenant)?.issuer_tenant);
    Ok(Json(key_set(&entra, Some(&issuer))))
}

/// `GET /{tenant}/discovery/keys`
pub(crate) async fn keys_v1(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, OAuthError> {
    Scope::parse(&entra, &tenant)?;
    Ok(Json(key_set(&entra, None)))
}

/// The key set. With an `issuer`, as in v2, each key also names the cloud of the metadata.
fn key_set(entra: &Entra, issuer: Option<&str>) -> Value {
    let published = |jwk: Value| {
        if issuer.is_some() {
            with_cloud(jwk)
        } else {
            jwk
        }
    };
    let weak = entra.knobs.publishes_weak_key.load(Ordering::Relaxed);
    let keys: Vec<Value> = entra
        .keys
        .published()
        .iter()
        .map(|key| published(key.to_jwk(issuer)))
        .chain(weak.then(|| weak_key::to_jwk(issuer).ok()).flatten())
        .collect();
    json!({ "keys": keys })
}

fn with_cloud(mut jwk: Value) -> Value {
    if let Some(members) = jwk.as_object_mut() {
        members.insert("cloud_instance_name".to_owned(), CLOUD.into());
    }
    jwk
}

/// `GET /common/discovery/instance`: the names of this cloud. MSAL requests it for an authority
/// that it does not know.
pub(crate) async fn instance(State(entra): State<Arc<Entra>>) -> Json<Value> {
    let host = entra.authority.host_and_port();
    Json(json!({
        "tenant_discovery_endpoint": entra
            .authority
            .endpoint("organizations", "v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{
            "preferred_network": host,
            "preferred_cache": host,
            "aliases": [host],
        }],
    }))
}

/// The metadata document.
fn metadata(authority: &Authority, version: Version, scope: &Scope) -> Value {
    let url = |path: &str| authority.endpoint(&scope.segment, path);
    let (oauth2, keys) = match version {
        Version::V1 => ("oauth2", "discovery/keys"),
        Version::V2 => ("oauth2/v2.0", "discovery/v2.0/keys"),
    };
    json!({
        "issuer": authority.issuer(version, &scope.issuer_tenant),
        "token_endpoint": url(&format!("{oauth2}/token")),
        "authorization_endpoint": url(&format!("{oauth2}/authorize")),
        "device_authorization_endpoint": url("oauth2/v2.0/devicecode"),
        // Entra's is on graph.microsoft.com.
        "userinfo_endpoint": format!("{authority}/oidc/userinfo"),
        "end_session_endpoint": url(&format!("{oauth2}/logout")),
        "jwks_uri": url(keys),
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "private_key_jwt", "client_secret_basic",
        ],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "request_uri_parameter_supported": false,
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "cloud_instance_name": CLOUD,
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "acr", "nonce", "preferred_username", "name", "tid",
            "ver", "oid",
        ],
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use crate::fixture::{CONTOSO, Fixture};

    #[tokio::test]
    async fn metadata_names_the_issuer_of_its_version() {
        struct Case {
            name: &'static str,
            path: String,
            issuer: String,
            jwks: String,
        }

        let fixture = Fixture::new();
        let upper = CONTOSO.to_uppercase();
        for Case {
            name,
            path,
            issuer,
            jwks,
        } in [
            Case {
                name: "v2.0",
                path: format!("/{CONTOSO}/v2.0/"),
                issuer: format!("https://localhost:8443/{CONTOSO}/v2.0"),
                jwks: format!("{CONTOSO}/discovery/v2.0/keys"),
            },
            Case {
                name: "tenant in upper case",
                path: format!("/{upper}/v2.0/"),
                issuer: format!("https://localhost:8443/{CONTOSO}/v2.0"),
                jwks: format!("{CONTOSO}/discovery/v2.0/keys"),
            },
            Case {
                name: "v1.0",
                path: format!("/{CONTOSO}/"),
                issuer: format!("https://sts.windows.net/{CONTOSO}/"),
                jwks: format!("{CONTOSO}/discovery/keys"),
            },
            Case {
                name: "all tenants",
                path: "/common/v2.0/".to_owned(),
                issuer: "https://localhost:8443/{tenantid}/v2.0".to_owned(),
                jwks: "common/discovery/v2.0/keys".to_owned(),
            },
            Case {
                name: "organizations in v1.0",
                path: "/Organizations/".to_owned(),
                issuer: "https://sts.windows.net/{tenantid}/".to_owned(),
                jwks: "organizations/discovery/keys".to_owned(),
            },
        ] {
            let (status, document) = fixture
                .get(&format!("{path}.well-known/openid-configuration"))
                .await;
            assert_eq!(status, StatusCode::OK, "{name}: {path}");
            assert_eq!(document["issuer"], issuer, "{name}: {path}");
            assert_eq!(
                document["jwks_uri"],
                format!("https://localhost:8443/{jwks}"),
                "{name}: {path}"
            );
            assert_eq!(
                document["cloud_instance_name"], "microsoftonline.com",
                "{name}: {path}"
            );
        }
    }

    #[tokio::test]
    async fn v2_keys_name_their_issuer_and_v1_keys_do_not() {
        struct Case {
            name: &'static str,
            path: String,
            issuer: Option<String>,
        }

        let fixture = Fixture::new();
        for Case { name, path, issuer } in [
            Case {
                name: "v2.0",
                path: format!("/{CONTOSO}/discovery/v2.0/keys"),
                issuer: Some(format!("https://localhost:8443/{CONTOSO}/v2.0")),
            },
            Case {
                name: "all tenants",
                path: "/common/discovery/v2.0/keys".to_owned(),
                issuer: Some("https://localhost:8443/{tenantid}/v2.0".to_owned()),
            },
            Case {
                name: "v1.0",
                path: format!("/{CONTOSO}/discovery/keys"),
                issuer: None,
            },
        ] {
            let (_, document) = fixture.get(&path).await;
            let key = &document["keys"][0];
            assert_eq!(
                key["issuer"].as_str().map(str::to_owned),
                issuer,
                "{name}: {path}"
            );
            let cloud = issuer.is_some().then_some("microsoftonline.com");
            assert_eq!(key["cloud_instance_name"].as_str(), cloud, "{name}: {path}");
            assert_eq!(
                key["kid"],
                fixture.entra.keys.current().kid.as_str(),
                "{name}: {path}"
            );
            assert!(key.get("alg").is_none(), "{name}: Entra's keys have no alg");
        }
    }

    #[tokio::test]
    async fn unknown_tenants_have_no_metadata() {
        let fixture = Fixture::new();
        for path in [
            "v2.0/.well-known/openid-configuration",
            ".well-known/openid-configuration",
            "discovery/v2.0/keys",
            "discovery/keys",
        ] {
            let (status, body) = fixture
                .get(&format!("/33333333-3333-4333-8333-333333333333/{path}"))
                .await;
            assert_eq!(
                (status, &body["error_codes"][0]),
                (StatusCode::BAD_REQUEST, &90002.into()),
                "{path}"
            );
        }
    }
}
