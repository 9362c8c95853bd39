//! Runs a case, and compares the decision with the expected one.

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_policy::RoutePolicy;
use portcullis_server::OfflinePolicies;
use portcullis_server::ext_authz::{
    AttributeContext, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderMap, HeaderValue,
    HttpRequest, HttpResponse, MapEntry, OkHttpResponse, Request,
};
use portcullis_token::unix_now;
use prost::Message;
use serde_json::Value;

use super::case::{Case, Expected, Outcome};

/// Runs `case` and returns a line for each difference from the expected decision.
///
/// # Errors
///
/// Fails if the case's token cannot be read or made, for example if it is not a JWT.
pub(super) async fn judge(offline: &OfflinePolicies, case: &Case) -> anyhow::Result<Vec<String>> {
    let policy = offline.policies().policy(&case.policy);
    let (authorization, now) = match policy {
        Some(policy) => authorization(offline, policy, case)?,
        None => (None, case.at.unwrap_or_else(unix_now)),
    };
    let answer = offline
        .fresh_handler()?
        .answer_at(check_request(case, authorization).into(), now)
        .await;
    Ok(match answer {
        Ok(answer) => differences(&case.expect, CheckResponse::decode(answer)?)?,
        Err(fault) => vec![format!("the authz server has a fault: {fault}")],
    })
}

/// The `Authorization` header, and the time of the request.
fn authorization(
    offline: &OfflinePolicies,
    policy: &RoutePolicy,
    case: &Case,
) -> anyhow::Result<(Option<String>, u64)> {
    let now = case.at.unwrap_or_else(unix_now);
    if let Some(line) = &case.authorization {
        return Ok((Some(line.clone()), now));
    }
    let (claims, now) = match (&case.claims, &case.token) {
        (None, None) => return Ok((None, now)),
        (_, Some(token)) => {
            let claims = claims_of(token)?;
            let issued = claims
                .get("iat")
                .and_then(Value::as_u64)
                .map(|issued| issued + 1);
            (claims, case.at.or(issued).unwrap_or(now))
        }
        (Some(wanted), None) => {
            let verifier = offline
                .verifier(policy)
                .context("it has claims, but its policy has no issuer")?;
            let tokens = policy
                .tokens
                .as_ref()
                .context("the policy has an issuer but accepts no tokens")?;
            (verifier.claims(&tokens.audiences, now, wanted), now)
        }
    };
    let token = offline
        .issuer()
        .sign(&claims)
        .context("the system's random numbers fail")?;
    Ok((Some(format!("Bearer {token}")), now))
}

fn claims_of(token: &str) -> anyhow::Result<Value> {
    let payload = token
        .split('.')
        .nth(1)
        .and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims: Value = serde_json::from_slice(&payload.context("its token is not a JWT")?)?;
    ensure!(claims.is_object(), "its token's claims are not an object");
    Ok(claims)
}

fn check_request(case: &Case, authorization: Option<String>) -> Vec<u8> {
    let header = |key: &'static str, value: String| HeaderValue {
        key: key.into(),
        value: value.into(),
        ..HeaderValue::default()
    };
    let request_id = "00000000-0000-4000-8000-000000000000".to_owned();
    let mut headers = vec![header("x-request-id", request_id)];
    headers.extend(authorization.map(|line| header("authorization", line)));
    let http = HttpRequest {
        method: case.method.clone().into(),
        path: case.path.clone().into(),
        header_map: Some(HeaderMap { headers }),
        ..HttpRequest::default()
    };
    let policy = MapEntry {
        key: "policy".into(),
        value: case.policy.clone().into(),
    };
    let attributes = Some(AttributeContext {
        request: Some(Request { http: Some(http) }),
        context_extensions: vec![policy],
        ..AttributeContext::default()
    });
    CheckRequest { attributes }.encode_to_vec()
}

fn differences(expected: &Expected, response: CheckResponse) -> anyhow::Result<Vec<String>> {
    Ok(match (response.http_response, expected.outcome) {
        (Some(HttpResponse::OkResponse(response)), Outcome::Allow) => {
            header_differences(expected, &OkHttpResponse::decode(response)?)
        }
        (Some(HttpResponse::DeniedResponse(response)), Outcome::Deny) => {
            denial_differences(expected, &response)
        }
        (Some(HttpResponse::DeniedResponse(response)), Outcome::Allow) => {
            vec![format!(
                "it is denied instead of allowed: {}",
                response.body
            )]
        }
        (_, Outcome::Deny) => vec!["it is allowed instead of denied".to_owned()],
        (_, Outcome::Allow) => vec!["it is neither allowed nor denied".to_owned()],
    })
}

fn denial_differences(expected: &Expected, response: &DeniedHttpResponse) -> Vec<String> {
    let status = response.status.map_or(0, |status| status.code);
    let reason = reason(&response.body);
    let wrong_status = expected.status.filter(|expected| *expected != status);
    let wrong_reason = expected
        .reason
        .as_ref()
        .filter(|expected| **expected != reason);
    let status = wrong_status.map(|expected| format!("status {status} instead of {expected}"));
    status
        .into_iter()
        .chain(wrong_reason.map(|expected| format!("reason {reason} instead of {expected}")))
        .collect()
}

fn reason(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    problem
        .get("reason")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn header_differences(expected: &Expected, response: &OkHttpResponse) -> Vec<String> {
    let removes = |name: &str| response.headers_to_remove.iter().any(|it| *it == name);
    let value = |name: &str| {
        let header = response
            .headers
            .iter()
            .filter_map(|option| option.header.as_ref())
            .find(|header| header.key == name)?;
        std::str::from_utf8(&header.value).ok()
    };
    let differs =
        |(name, expected): (&String, &Option<String>)| match (expected.as_deref(), value(name)) {
            (Some(expected), Some(found)) if expected == found => None,
            (Some(expected), Some(found)) => Some(format!(
                "header {name} is '{found}' instead of '{expected}'"
            )),
            (Some(expected), None) => {
                Some(format!("header {name} is not set; expected '{expected}'"))
            }
            (None, Some(found)) => {
                Some(format!("header {name} is '{found}' and should not be set"))
            }
            (None, None) if removes(name) => None,
            (None, None) => Some(format!(
                "header {name} would reach the service as the client sent it"
            )),
        };
    expected.headers.iter().filter_map(differs).collect()
}
