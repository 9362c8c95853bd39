//! Roles: those of the task API decide who may create tasks, and only applications with
//! `AuditLog.Write` reach the audit route.

use http::Method;
use serde_json::json;

use super::{Row, Rows};
use crate::Stack;
use crate::caller::Caller;
use crate::directory::{AUDIT, NO_RIGHTS_CLIENT, READER, TASK_API, TASK_API_CLIENT};

const INSUFFICIENT: &str = "Bearer error=\"insufficient_scope\"";

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    struct Case<'a> {
        tried: &'static str,
        token: &'a str,
        expected: &'static str,
    }

    let mut rows = Rows::default();
    let issuer = stack.identity_provider();
    let reader = issuer
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    let reader = Caller {
        stack,
        token: Some(&reader),
    };
    let denied = reader
        .send(
            Method::POST,
            "/api/tasks",
            Some(&json!({"title": "Not allowed"})),
        )
        .await?;
    let names_roles = ["Admin", "Editor"].iter().all(|role| {
        denied.body["detail"]
            .as_str()
            .unwrap_or_default()
            .contains(role)
    });
    let got = format!(
        "{}, names Admin and Editor: {names_roles}",
        denied.outcome()
    );
    rows.add(
        "Reader creates a task",
        "403 role_missing, names Admin and Editor: true",
        got,
    );
    rows.status(
        "Reader lists tasks",
        "200",
        &reader.get("/api/tasks").await?,
    );

    // This token has the right audience and role. It is denied only because it is delegated.
    let application = issuer.application_token(TASK_API_CLIENT, AUDIT).await?;
    let users = issuer.resign(&application, |_, claims| {
        claims["scp"] = json!("Audit.Read");
        if let Some(claims) = claims.as_object_mut() {
            claims.remove("idtyp");
        }
    });
    let users = users.await?;
    let without_role = issuer.application_token(NO_RIGHTS_CLIENT, AUDIT).await?;
    for Case {
        tried,
        token,
        expected,
    } in [
        Case {
            tried: "a user's token on the audit route",
            token: &users,
            expected: "403 caller_kind_not_allowed",
        },
        Case {
            tried: "an application without AuditLog.Write there",
            token: &without_role,
            expected: "403 role_missing",
        },
    ] {
        let answer = Caller {
            stack,
            token: Some(token),
        }
        .get("/auditing/audit")
        .await?;
        rows.challenge(tried, expected, INSUFFICIENT, &answer);
    }
    let answer = Caller {
        stack,
        token: Some(&application),
    }
    .get("/auditing/audit")
    .await?;
    rows.status("an application with AuditLog.Write there", "200", &answer);
    Ok(rows.done())
}
