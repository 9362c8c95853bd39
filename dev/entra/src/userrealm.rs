//! The userrealm endpoint: whether a domain signs in here or is federated. MSAL for Go and Java
//! request it before each password and on-behalf-of flow.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::discovery::CLOUD;
use crate::router::Entra;

/// `GET /common/userrealm/{upn}`. Ignores the case of the path, because MSAL for Go sends
/// `UserRealm`.
pub(crate) async fn userrealm(
    State(entra): State<Arc<Entra>>,
    Path((tenant, endpoint, username)): Path<(String, String, String)>,
) -> Response {
    let is_userrealm =
        tenant.eq_ignore_ascii_case("common") && endpoint.eq_ignore_ascii_case("userrealm");
    if is_userrealm {
        Json(realm(&entra, &username)).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// The realm of a username's domain. It does not reveal whether the user exists. No domain here is
/// federated.
fn realm(entra: &Entra, username: &str) -> Value {
    let Some((_, domain)) = username.rsplit_once('@') else {
        return unknown();
    };
    if !entra.directory.has_domain(domain) {
        return unknown();
    }
    json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": domain.to_lowercase(),
        "cloud_instance_name": CLOUD,
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    })
}

fn unknown() -> Value {
    json!({
        "ver": "1.0",
        "account_type": "Unknown",
        "cloud_instance_name": CLOUD,
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use crate::fixture::{CONTOSO, Fixture};

    #[tokio::test]
    async fn userrealm_depends_on_the_domain_and_ignores_path_case() {
        let fixture = Fixture::new();
        for (name, path, status, account_type) in [
            (
                "msal4j",
                "/common/userrealm/ada.admin@contoso.example?api-version=1.0",
                StatusCode::OK,
                "Managed",
            ),
            (
                "MSAL Go",
                "/common/UserRealm/ada.admin%40contoso.example?api-version=1.0",
                StatusCode::OK,
                "Managed",
            ),
            (
                "other case",
                "/Common/USERREALM/Ada@Contoso.Example",
                StatusCode::OK,
                "Managed",
            ),
            (
                "no such user, the same domain",
                "/common/userrealm/x@contoso.example",
                StatusCode::OK,
                "Managed",
            ),
            (
                "another domain",
                "/common/userrealm/x@elsewhere.example",
                StatusCode::OK,
                "Unknown",
            ),
            (
                "no domain",
                "/common/userrealm/ada",
                StatusCode::OK,
                "Unknown",
            ),
            (
                "another endpoint",
                "/common/userrealms/ada@contoso.example",
                StatusCode::NOT_FOUND,
                "",
            ),
            (
                "a tenant's path",
                "/organizations/userrealm/ada@contoso.example",
                StatusCode::NOT_FOUND,
                "",
            ),
        ] {
            let (got, body) = fixture.get(path).await;
            assert_eq!(
                (got, body["account_type"].as_str().unwrap_or_default()),
                (status, account_type),
                "{name}"
            );
            // MSAL for Go rejects a response without these.
            let is_complete =
                body["domain_name"] == "contoso.example" && body["cloud_instance_name"].is_string();
            assert_eq!(is_complete, account_type == "Managed", "{name}: {body}");
        }
        let (status, _) = fixture.get(&format!("/{CONTOSO}/discovery/keys")).await;
        assert_eq!(status, StatusCode::OK, "the key endpoint");
    }
}
