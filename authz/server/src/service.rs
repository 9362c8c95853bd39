use std::sync::Arc;
use std::time::Instant;

use envoy_types::ext_authz::v3::pb::{Authorization, CheckRequest, CheckResponse};
use portcullis_token::unix_now;
use tonic::{Request, Response, Status};

use crate::check_request::Question;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::{decision_log, reply};

/// The gate as Envoy's authorization service.
#[derive(Debug)]
pub(crate) struct AuthorizationService {
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Metrics,
}

#[tonic::async_trait]
impl Authorization for AuthorizationService {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let started = Instant::now();
        let request = request.into_inner();
        let question = Question::read(&request)
            .ok_or_else(|| Status::invalid_argument("the check is not about an HTTP request"))?;
        let verdict = self.gate.check(&question, unix_now()).await;
        let (outcome, reason) = decision_log::record(&question, &verdict);
        let policy = question.policy.filter(|name| self.gate.has_policy(name)).unwrap_or("none");
        self.metrics.count(policy, outcome, reason, started.elapsed());
        match verdict {
            Ok(verdict) => Ok(Response::new(reply::of(&verdict, question.request_id))),
            Err(fault) => Err(Status::unavailable(fault.to_string())),
        }
    }
}
