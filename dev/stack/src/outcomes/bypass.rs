//! Requests that reach a service round the gateway: its headers alone identify no caller.

use http::Method;
use serde_json::json;

use super::{Row, Rows};
use crate::directory::{CONTOSO, EDITOR, TASK_API};
use crate::service::Service;
use crate::{Answer, Stack};

const ENDPOINTS: [(Service, Method, &str); 6] = [
    (Service::TaskApi, Method::GET, "/api/me"),
    (Service::TaskApi, Method::POST, "/api/tasks"),
    (Service::Notification, Method::POST, "/notify"),
    (Service::Notification, Method::GET, "/notifications"),
    (Service::Audit, Method::POST, "/audit"),
    (Service::Audit, Method::GET, "/audit"),
];

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    struct Case {
        service: Service,
        path: &'static str,
        expected: &'static str,
    }

    let mut rows = Rows::default();
    for (service, method, path) in ENDPOINTS {
        let request = stack
            .http()
            .request(method.clone(), format!("{}{path}", stack.direct(service)));
        let request = request
            .header("X-Request-ID", "round-the-gateway")
            .header("X-User-OID", "aaaaaaaa-0001-4000-8000-000000000001")
            .header("X-User-Name", "Ada Admin")
            .header("X-User-Email", "ada.admin@contoso.example")
            .header("X-Tenant-ID", CONTOSO)
            .header("X-User-Roles", "Admin,AuditLog.Write")
            .json(&json!({"title": "t", "event": "e", "task_title": "t"}));
        let answer = Answer::to(request).await?;
        rows.challenge(
            format!("{} {method} {path} with X-User-* headers", service.name()),
            "401 token_missing",
            "Bearer",
            &answer,
        );
    }
    // A service accepts tokens for its own audience, so that it works without a gateway.
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    for Case {
        service,
        path,
        expected,
    } in [
        Case {
            service: Service::TaskApi,
            path: "/api/me",
            expected: "200",
        },
        Case {
            service: Service::Notification,
            path: "/notifications",
            expected: "401 audience_not_allowed",
        },
    ] {
        let request = stack
            .http()
            .get(format!("{}{path}", stack.direct(service)))
            .bearer_auth(&token)
            .header("X-Request-ID", "round-the-gateway");
        rows.status(
            format!("{} directly with a token of the task API", service.name()),
            expected,
            &Answer::to(request).await?,
        );
    }
    Ok(rows.done())
}
