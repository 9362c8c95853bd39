//! Microsoft Graph as clients see it, and what its changes do to tokens.

mod access;
mod applications;
mod changes;
mod collections;
mod groups;
mod managed_identities;
mod permissions;
mod provisioning;

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::fixture::{ADA, CONTOSO, Fixture, WEB, decode};

/// All permissions that change something.
const ALL: &str = "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All \
                   DelegatedPermissionGrant.ReadWrite.All User.Read.All";

/// A client of Microsoft Graph with one token.
struct Graph {
    fixture: Fixture,
    token: String,
}

impl Graph {
    /// A user's client with these scopes in Contoso.
    async fn with_scopes(scopes: &str) -> Self {
        let fixture = Fixture::new();
        let token = delegated(&fixture, CONTOSO, scopes).await;
        Self { fixture, token }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send("GET", path, None).await
    }

    /// Sends a request and returns the body of an answer with the status.
    async fn expect(&self, status: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (actual, answer) = self.send(method, path, body).await;
        assert_eq!(actual.as_u16(), status, "{method} {path}: {answer}");
        answer
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1.0{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header("consistencylevel", "eventual");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.fixture.respond(request.body(body).unwrap()).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

/// Ada's token for Microsoft Graph with `scopes`, as the token endpoint would sign it.
async fn delegated(fixture: &Fixture, tenant: &str, scopes: &str) -> String {
    let claims = json!({
        "aud": "https://graph.microsoft.com", "tid": tenant, "oid": ADA, "scp": scopes,
        "appid": WEB, "nbf": 0, "exp": 99_999_999_999_i64,
    });
    fixture.signed(json!({}), claims).await
}

/// The claims of the token that a form obtains.
async fn claims(fixture: &Fixture, form: &[(&str, &str)]) -> Value {
    let (status, reply) = fixture.token(CONTOSO, form).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    decode(&reply["access_token"]).1
}
