use dev_entra::InProcess;
use dev_service::{CONTOSO, client_of};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::program::TASK_API;

pub(crate) const ADA: (&str, &str) = ("ada.admin@contoso.example", "Admin-Passw0rd!");
pub(crate) const EDDIE: (&str, &str) = ("eddie.editor@contoso.example", "Editor-Passw0rd!");

/// A user of the task API, with a client and a token.
#[derive(Clone)]
pub(crate) struct User {
    http: Client,
    token: String,
}

async fn token(issuer: &InProcess, path: &str, form: &[(&str, &str)]) -> String {
    let request = client_of(issuer)
        .post(format!("{}/{CONTOSO}/oauth2/{path}", issuer.authority()))
        .form(form);
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    reply["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{reply}"))
        .to_owned()
}

const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";

impl User {
    pub(crate) fn with(token: String) -> Self {
        Self {
            http: Client::builder().no_proxy().build().unwrap(),
            token,
        }
    }

    pub(crate) async fn sign_in(issuer: &InProcess, (username, password): (&str, &str)) -> Self {
        let scope = format!("api://{TASK_API}/access_as_user");
        let form = [
            ("grant_type", "password"),
            ("client_id", WEB),
            ("username", username),
            ("password", password),
            ("scope", &scope),
        ];
        Self::with(token(issuer, "v2.0/token", &form).await)
    }

    /// Signs in with a token of version 1, which names the user in other claims.
    pub(crate) async fn sign_in_v1(issuer: &InProcess, (username, password): (&str, &str)) -> Self {
        let resource = format!("api://{TASK_API}");
        let form = [
            ("grant_type", "password"),
            ("client_id", WEB),
            ("username", username),
            ("password", password),
            ("resource", &resource),
        ];
        Self::with(token(issuer, "token", &form).await)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> reqwest::Result<Response> {
        let request = self.http.request(method, url).bearer_auth(&self.token);
        let request = key.into_iter().fold(request, |request, key| {
            request.header("idempotency-key", key)
        });
        body.into_iter()
            .fold(request, reqwest::RequestBuilder::json)
            .send()
            .await
    }

    /// Creates a task, and returns it if the service acknowledged it.
    pub(crate) async fn create(&self, service: &str, key: &str, title: &str) -> Option<Value> {
        let body = json!({ "title": title });
        let response = self
            .send(
                Method::POST,
                &format!("{service}/api/tasks"),
                Some(key),
                Some(&body),
            )
            .await
            .ok()?;
        let status = response.status().as_u16();
        assert!(
            [201, 503].contains(&status),
            "{status}: {:?}",
            response.text().await
        );
        if status == 201 {
            response.json().await.ok()
        } else {
            None
        }
    }

    pub(crate) async fn get(&self, url: &str) -> Value {
        self.send(Method::GET, url, None, None)
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}
