//! The client of the outcomes, which sends requests with or without a token.

use http::Method;
use serde_json::Value;

use crate::{Answer, Stack};

/// Sends requests through the gateway with one token, or with none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) token: Option<&'a str>,
}

impl Caller<'_> {
    pub(crate) async fn get(self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn send(
        self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let request = self
            .stack
            .http()
            .request(method, format!("{}{path}", self.stack.gateway()));
        let request = self
            .token
            .into_iter()
            .fold(request, reqwest::RequestBuilder::bearer_auth);
        Answer::to(
            body.into_iter()
                .fold(request, reqwest::RequestBuilder::json),
        )
        .await
    }
}
