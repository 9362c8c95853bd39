//! Errors and delays for the next requests of an endpoint.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::oauth_error::OAuthError;

/// The most faults at a time.
const MOST_FAULTS: usize = 64;
/// The most requests of one fault.
const MOST_TIMES: u32 = 10_000;
/// The longest delay, in milliseconds.
const LONGEST_DELAY: u64 = 60_000;

/// The faults that wait for their requests. The one that was set first comes first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

/// What happens to the next requests of an endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Fault {
    /// The end of the path, such as `/oauth2/v2.0/token`; empty for every path.
    #[serde(default)]
    endpoint: String,
    /// The number of requests.
    #[serde(default = "once")]
    times: u32,
    /// How long a request waits, in milliseconds.
    #[serde(default)]
    delay_ms: u64,
    /// The status of the response. Without it, the request goes on after its delay.
    status: Option<u16>,
    /// The body of the response; that of a transient error of Entra by default.
    body: Option<Value>,
    /// The header `Retry-After` of the response, in seconds.
    retry_after: Option<u32>,
    /// Answers with a challenge of Conditional Access in place of `status`.
    challenge: Option<Challenge>,
}

/// The claims challenge of a resource that requires an authentication context.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Challenge {
    /// The client id of the resource.
    resource: Uuid,
    /// Such as `c1`.
    context: String,
}

fn once() -> u32 {
    1
}

impl Faults {
    /// Adds `fault`. Fails with the field that is invalid, and what it takes.
    pub(crate) fn add(&self, fault: Fault) -> Result<(), (&'static str, String)> {
        fault.check()?;
        let mut faults = self.lock();
        if faults.len() >= MOST_FAULTS {
            let most = format!("there are {MOST_FAULTS} faults already; delete them first");
            return Err(("endpoint", most));
        }
        faults.push(fault);
        Ok(())
    }

    /// The faults with the requests that they still wait for.
    pub(crate) fn all(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The fault of a request, which counts it.
    pub(super) fn take(&self, path: &str) -> Option<Fault> {
        let mut faults = self.lock();
        let fault = faults
            .iter_mut()
            .find(|fault| path.ends_with(&fault.endpoint))?;
        fault.times -= 1;
        let taken = fault.clone();
        faults.retain(|fault| fault.times > 0);
        Some(taken)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if !(1..=MOST_TIMES).contains(&self.times) {
            return Err(("times", format!("takes 1 to {MOST_TIMES}")));
        }
        if self.delay_ms > LONGEST_DELAY {
            return Err(("delayMs", format!("takes up to {LONGEST_DELAY}")));
        }
        if self
            .status
            .is_some_and(|status| !(400..600).contains(&status))
        {
            return Err(("status", "takes 400 to 599".to_owned()));
        }
        let has_effect = self.status.is_some() || self.challenge.is_some() || self.delay_ms > 0;
        if !has_effect {
            let missing = "or delayMs or challenge is required".to_owned();
            return Err(("status", missing));
        }
        Ok(())
    }

    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The response in place of the endpoint's, if any. Single-page applications may read it.
    pub(super) fn response(&self) -> Option<Response> {
        let mut response = if let Some(Challenge { resource, context }) = &self.challenge {
            let error = OAuthError::InteractionRequired {
                resource: *resource,
                context: context.clone(),
            };
            error.into_response()
        } else {
            let status = StatusCode::from_u16(self.status?).ok()?;
            (status, Json(self.body.clone().unwrap_or_else(transient))).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        Some(response)
    }
}

/// AADSTS90033 of Entra's "Authentication and authorization error codes".
fn transient() -> Value {
    json!({
        "error": "temporarily_unavailable",
        "error_description": "AADSTS90033: A transient error has occurred. Please try again.",
        "error_codes": [90033],
    })
}
