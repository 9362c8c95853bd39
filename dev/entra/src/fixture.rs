//! Test fixture: the development directory behind a router without TLS, and requests to it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::admin;
use crate::authority::Authority;
use crate::directory::Directory;
use crate::entra::{Entra, Live};
use crate::memory::Memory;
use crate::router::router;
use crate::signing_key::{KeyRing, SigningKey};

pub(crate) const DIRECTORY: &str = include_str!("../directory.yaml");
pub(crate) const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
pub(crate) const NOTIFICATION: &str = "3a5c0002-0000-4000-8000-000000000002";
pub(crate) const AUDIT: &str = "3a5c0003-0000-4000-8000-000000000003";
pub(crate) const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";
pub(crate) const NO_RIGHTS: &str = "3a5c0005-0000-4000-8000-000000000005";
pub(crate) const ADA: &str = "aaaaaaaa-0001-4000-8000-000000000001";
/// The first signing key of every fixture: its generation takes 100 ms of a core.
static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::generate().unwrap()));

pub(crate) const OBO: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(crate) struct Fixture {
    pub(crate) live: Live,
    /// The state at the beginning.
    pub(crate) entra: Arc<Entra>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with_directory(DIRECTORY)
    }

    pub(crate) fn with_directory(text: &str) -> Self {
        let entra = Entra {
            directory: Arc::new(Directory::parse("directory.yaml", text).unwrap()),
            keys: Arc::new(KeyRing::new(Arc::clone(&KEY))),
            authority: Authority::localhost(8443),
            memory: Arc::new(Memory::new()),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            lifetime: Duration::from_hours(1),
            knobs: Arc::default(),
        };
        let live = Live::new(entra);
        Self {
            entra: live.entra(),
            live,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// Posts to the tenant's v2 token endpoint.
    pub(crate) async fn token(&self, tenant: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
        self.post_form(&format!("/{tenant}/oauth2/v2.0/token"), None, form)
            .await
    }

    /// Posts to the tenant's v1 token endpoint.
    pub(crate) async fn token_v1(
        &self,
        tenant: &str,
        form: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        self.post_form(&format!("/{tenant}/oauth2/token"), None, form)
            .await
    }

    pub(crate) async fn post_form(
        &self,
        path: &str,
        authorization: Option<&str>,
        form: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Ada's delegated token for the task API, obtained by the web client.
    pub(crate) async fn user_token(&self) -> String {
        let (status, reply) = self.token(CONTOSO, &password_form()).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        reply["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn signed(&self, header: Value, claims: Value) -> String {
        let (_, body) = self
            .post_json("/dev/sign", &json!({"header": header, "claims": claims}))
            .await;
        body["token"].as_str().unwrap().to_owned()
    }

    /// The response as it is, for pages and redirects. Paths below `/dev` are those of the
    /// administrative listener.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Response<Body> {
        let router = if request.uri().path().starts_with("/dev/") {
            admin::router(self.live.clone())
        } else {
            router(self.live.clone())
        };
        router.oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.respond(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

/// The form with which the web client obtains Ada's token for the task API.
pub(crate) fn password_form() -> Vec<(&'static str, &'static str)> {
    vec![
        ("grant_type", "password"),
        ("client_id", WEB),
        ("username", "ada.admin@contoso.example"),
        ("password", "Admin-Passw0rd!"),
        (
            "scope",
            "openid profile offline_access \
             api://3a5c0001-0000-4000-8000-000000000001/access_as_user",
        ),
    ]
}

/// The form with which the task API exchanges a user's token for the notification service.
pub(crate) fn obo_form(assertion: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", OBO),
        ("requested_token_use", "on_behalf_of"),
        ("client_id", TASK_API),
        ("client_secret", "task-api-secret"),
        ("assertion", assertion),
        (
            "scope",
            "api://3a5c0002-0000-4000-8000-000000000002/Notify.Send",
        ),
    ]
}

/// The form with which a client obtains an app-only token for the audit service.
pub(crate) fn credentials_form(
    client: &'static str,
    secret: &'static str,
) -> Vec<(&'static str, &'static str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        (
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/.default",
        ),
    ]
}

/// The form with one field set, or removed if `value` is empty.
pub(crate) fn with<'a>(
    form: &[(&'a str, &'a str)],
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut changed: Vec<_> = form
        .iter()
        .copied()
        .filter(|(field, _)| *field != name)
        .collect();
    if !value.is_empty() {
        changed.push((name, value));
    }
    changed
}

/// Decodes header and claims of a token without verification.
pub(crate) fn decode(token: &Value) -> (Value, Value) {
    let parts: Vec<&str> = token
        .as_str()
        .unwrap_or_else(|| panic!("{token} is not a token"))
        .split('.')
        .collect();
    let part = |index: usize| {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[index]).unwrap()).unwrap()
    };
    (part(0), part(1))
}
