use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use portcullis_token::unix_now;
use prost::Message;

use crate::check_request::Question;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::wire::Check;
use crate::{decision_log, reply};

/// The gate without its network: an encoded `CheckRequest` in, an encoded `CheckResponse` out.
#[derive(Clone, Debug)]
pub struct Handler {
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Metrics,
}

/// Why there is no answer. Envoy then lets nobody pass.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// What was asked is not a question about an HTTP request.
    #[error("the check is not about an HTTP request")]
    NotAQuestion,
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

impl Handler {
    /// Answers, records the decision and counts it.
    pub async fn answer(&self, check: Bytes) -> Result<Bytes, Unanswered> {
        let started = Instant::now();
        let check = Check::decode(check).map_err(|_| Unanswered::NotAQuestion)?;
        let question = Question::read(&check).ok_or(Unanswered::NotAQuestion)?;
        let routes = self.gate.routes();
        let route = question.policy.and_then(|name| routes.get(name));
        let verdict = self.gate.check(&routes, route, &question, unix_now()).await;
        let (outcome, reason) = decision_log::record(&question, &verdict);
        self.metrics.count(route.map(|route| route.policy.name.as_str()), outcome, reason, started.elapsed());
        match verdict {
            Ok(verdict) => Ok(reply::of(&verdict, question.request_id)),
            Err(fault) => Err(Unanswered::Fault(fault.to_string())),
        }
    }
}
