//! Envoy's authorization service over gRPC, without tonic.
//!
//! A Check is one message each way. tonic's layers for streams, deadlines and codecs would take
//! more time than a decision about a cached caller.

mod grpc;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use portcullis_runtime::{TraceFuture, TraceSpan, traces_are_recorded};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::Service;

use self::grpc::{Reply, read_message};
use crate::handler::{Handler, Unanswered};

/// Most bytes of a `CheckRequest`. Envoy sends a path and four headers, which fit at their largest.
const LARGEST_CHECK: usize = 128 * 1024;
/// Maximum time to read a message. Envoy sends it whole.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
const SERVICE: &str = "/envoy.service.auth.v3.Authorization/";
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// Serves `envoy.service.auth.v3.Authorization`, and the gRPC services of `others`.
#[derive(Debug)]
pub(crate) struct AuthorizationService {
    handler: Handler,
    others: Routes,
}

impl NamedService for AuthorizationService {
    const NAME: &'static str = "envoy.service.auth.v3.Authorization";
}

impl AuthorizationService {
    pub(crate) fn new(handler: Handler, others: Routes) -> Arc<Self> {
        Arc::new(Self {
            handler,
            others: others.prepare(),
        })
    }

    /// Answers one request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Reply>, Infallible> {
        let path = request.uri().path();
        if path == CHECK {
            return Ok(self.check_traced(request).await);
        }
        if path.starts_with(SERVICE) {
            return Ok(Reply::failed(&Status::new(
                Code::Unimplemented,
                "the only method is Check",
            )));
        }
        self.others
            .clone()
            .call(request.map(tonic::body::Body::new))
            .await
            .map(|response| response.map(Reply::of_tonic))
    }

    async fn check_traced(&self, request: Request<Incoming>) -> Response<Reply> {
        if !traces_are_recorded() {
            return self.check(request.into_body()).await;
        }
        // Envoy's filter continues the request's trace in its call.
        let span = TraceSpan::of_request(|| "Check".to_owned(), request.headers());
        let context = span.context();
        self.check(request.into_body()).with_context(context).await
    }

    async fn check(&self, body: Incoming) -> Response<Reply> {
        match self.outcome(body).await {
            Ok(message) => Reply::message(message),
            Err(status) => Reply::failed(&status),
        }
    }

    async fn outcome(&self, body: Incoming) -> Result<Bytes, Status> {
        // Tokio starts the timer only if the message has not arrived yet.
        let read = tokio::time::timeout(READ_TIMEOUT, read_message(body, LARGEST_CHECK)).await;
        let message = read
            .map_err(|_elapsed| Status::deadline_exceeded("the message did not come in time"))??;
        self.handler
            .answer(message)
            .await
            .map_err(|error| match error {
                Unanswered::NotHttp => Status::invalid_argument(error.to_string()),
                Unanswered::Fault(_) => Status::unavailable(error.to_string()),
            })
    }
}

#[cfg(test)]
mod tests;
