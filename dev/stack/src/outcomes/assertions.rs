//! Each service gets its kind of assertion. A holder of a MAC key can forge assertions to its own
//! service only.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_assertion::{Assertion, HEADER, MacKeys};
use portcullis_token::unix_now;
use serde_json::json;

use super::{Row, Rows};
use crate::asserted::assertion_of_an_admin;
use crate::caller::Caller;
use crate::directory::{ADMIN, NOTIFICATION, TASK_API};
use crate::service::Service;
use crate::{Answer, Stack};

/// A route that a user can read.
struct Read {
    service: Service,
    /// The API of the service.
    application: &'static str,
    scope: &'static str,
    path: &'static str,
    /// The algorithm of the assertions to the service.
    algorithm: &'static str,
}

const READ: [Read; 2] = [
    Read {
        service: Service::TaskApi,
        application: TASK_API,
        scope: "access_as_user",
        path: "/api/me",
        algorithm: "HS256",
    },
    Read {
        service: Service::Notification,
        application: NOTIFICATION,
        scope: "Notify.Send",
        path: "/notification/notifications",
        algorithm: "ES256",
    },
];

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    struct Case {
        tried: &'static str,
        service: Service,
        path: &'static str,
        token: String,
        expected: &'static str,
    }

    let mut rows = Rows::default();
    for Read {
        service,
        application,
        scope,
        path,
        algorithm,
    } in READ
    {
        let token = stack
            .identity_provider()
            .user_token(ADMIN, application, scope)
            .await?;
        stack.forget_upstream_bytes();
        let answer = Caller {
            stack,
            token: Some(&token),
        }
        .get(path)
        .await?;
        let seen = format!("{}, {}", answer.outcome(), algorithm_sent(stack, service));
        rows.add(
            format!("GET {path}: the assertion to {}", service.name()),
            format!("200, {algorithm}"),
            seen,
        );
    }
    let keys = MacKeys::parse(&std::fs::read_to_string(
        stack.mac_key_folder().join(Service::TaskApi.name()),
    )?)?;
    let own = sign(&keys, &of_an_admin(Service::TaskApi, "/api/me"))?;
    for Case {
        tried,
        service,
        path,
        token,
        expected,
    } in [
        Case {
            tried: "its own key's holder",
            service: Service::TaskApi,
            path: "/api/me",
            token: own.clone(),
            expected: "200",
        },
        Case {
            tried: "the same once more",
            service: Service::TaskApi,
            path: "/api/me",
            token: own.clone(),
            expected: "401 assertion_replayed",
        },
        Case {
            tried: "the task API's key",
            service: Service::Notification,
            path: "/notifications",
            token: sign(&keys, &of_an_admin(Service::Notification, "/notifications"))?,
            expected: "401 assertion_not_genuine",
        },
        Case {
            tried: "HS256 by the public keys",
            service: Service::TaskApi,
            path: "/api/me",
            token: keyed_with_public_keys(
                stack,
                &own,
                keys.key_ids().first().copied().unwrap_or_default(),
            )
            .await?,
            expected: "401 assertion_not_genuine",
        },
        Case {
            tried: "HS256 by the public keys",
            service: Service::Notification,
            path: "/notifications",
            token: keyed_with_public_keys(stack, &own, &public_key_id(stack).await?).await?,
            expected: "401 assertion_not_genuine",
        },
    ] {
        let request = stack
            .http()
            .get(format!("{}{path}", stack.direct(service)))
            .header(HEADER, token);
        let answer = Answer::to(request.header("x-request-id", "round-the-gateway")).await?;
        rows.status(
            format!("{}, an assertion by {tried}", service.name()),
            expected,
            &answer,
        );
    }
    Ok(rows.done())
}

/// The algorithm of the assertion that the service got. The tap keeps bytes in lower case.
fn algorithm_sent(stack: &Stack, service: Service) -> &'static str {
    let bytes = stack
        .upstream_bytes()
        .into_iter()
        .find(|(of, _)| *of == service)
        .map(|(_, bytes)| bytes);
    let sent = bytes.unwrap_or_default();
    let says = |algorithm: &str| {
        // The members of the JOSE header are sorted, so it begins with the algorithm.
        let header = URL_SAFE_NO_PAD
            .encode(format!("{{\"alg\":\"{algorithm}\","))
            .to_lowercase();
        sent.contains(&format!("{HEADER}: {header}"))
    };
    ["HS256", "ES256"]
        .into_iter()
        .find(|algorithm| says(algorithm))
        .unwrap_or("no assertion")
}

fn of_an_admin(service: Service, path: &str) -> Assertion {
    assertion_of_an_admin(service, path, format!("{path} {}", unix_now()))
}

fn sign(keys: &MacKeys, assertion: &Assertion) -> anyhow::Result<String> {
    anyhow::Context::context(keys.sign(assertion), "an assertion can be encoded")
}

async fn public_keys(stack: &Stack) -> anyhow::Result<String> {
    Ok(stack
        .http()
        .get(stack.assertion_keys())
        .send()
        .await?
        .error_for_status()?
        .text()
        .await?)
}

async fn public_key_id(stack: &Stack) -> anyhow::Result<String> {
    let document: serde_json::Value = serde_json::from_str(&public_keys(stack).await?)?;
    Ok(document["keys"][0]["kid"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

/// The claims of `genuine`, signed with the published keys as HMAC key (CVE-2015-9235).
async fn keyed_with_public_keys(
    stack: &Stack,
    genuine: &str,
    key_id: &str,
) -> anyhow::Result<String> {
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": key_id}).to_string();
    let claims = genuine.split('.').nth(1).unwrap_or_default();
    let content = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
    let key = hmac::Key::new(HMAC_SHA256, public_keys(stack).await?.as_bytes());
    Ok(format!(
        "{content}.{}",
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, content.as_bytes()))
    ))
}
