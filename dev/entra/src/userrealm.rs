//! The userrealm endpoint: whether a domain signs in here or is federated. MSAL for Go and Java
//! request it before each password and on-behalf-of flow.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::discovery::CLOUD;
use crate::entra::Entra;

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
        struct Case {
            name: &'static str,
            path: &'static str,
            status: StatusCode,
            account_type: &'static str,
        }

        let fixture = Fixture::new();
        for Case {
            name,
            path,
            status,
            account_type,
        } in [
            Case {
                name: "msal4j",
                path: "/common/userrealm/ada.admin@contoso.example?api-version=1.0",
                status: StatusCode::OK,
                account_type: "Managed",
            },
            Case {
                name: "MSAL Go",
                path: "/common/UserRealm/ada.admin%40contoso.example?api-version=1.0",
                status: StatusCode::OK,
                account_type: "Managed",
            },
            Case {
                name: "other case",
                path: "/Common/USERREALM/Ada@Contoso.Example",
                status: StatusCode::OK,
                account_type: "Managed",
            },
            Case {
                name: "no such user, the same domain",
                path: "/common/userrealm/x@contoso.example",
                status: StatusCode::OK,
                account_type: "Managed",
            },
            Case {
                name: "another domain",
                path: "/common/userrealm/x@elsewhere.example",
                status: StatusCode::OK,
                account_type: "Unknown",
            },
            Case {
                name: "no domain",
                path: "/common/userrealm/ada",
                status: StatusCode::OK,
                account_type: "Unknown",
            },
            Case {
                name: "another endpoint",
                path: "/common/userrealms/ada@contoso.example",
                status: StatusCode::NOT_FOUND,
                account_type: "",
            },
            Case {
                name: "a tenant's path",
                path: "/organizations/userrealm/ada@contoso.example",
                status: StatusCode::NOT_FOUND,
                account_type: "",
            },
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
