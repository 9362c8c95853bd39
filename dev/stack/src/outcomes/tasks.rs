//! An Admin lists, creates, completes and deletes a task, and both other services hear of it.

use anyhow::Context;
use http::Method;
use serde_json::{Value, json};

use super::{Row, Rows};
use crate::Stack;
use crate::caller::Caller;
use crate::directory::{ADMIN, AUDIT, NOTIFICATION, TASK_API, TASK_API_CLIENT};

pub(super) async fn v2(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    walk(stack, &token, "Water the plants").await
}

pub(super) async fn v1(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    let token = stack
        .identity_provider()
        .user_token_v1(ADMIN, TASK_API)
        .await?;
    walk(stack, &token, "Feed the cat").await
}

async fn walk(stack: &Stack, token: &str, title: &str) -> anyhow::Result<Vec<Row>> {
    let mut rows = Rows::default();
    let admin = Caller {
        stack,
        token: Some(token),
    };
    rows.status("Admin lists tasks", "200", &admin.get("/api/tasks").await?);

    let created = admin
        .send(Method::POST, "/api/tasks", Some(&json!({ "title": title })))
        .await?;
    let statuses = format!(
        "{}, {}, {}",
        created.outcome(),
        text(&created.body, "notification_status"),
        text(&created.body, "audit_status")
    );
    rows.add("Admin creates a task", "201, sent, logged", statuses);
    let id = created.body["id"]
        .as_i64()
        .context("the created task has no id")?;
    notification_shows(stack, title, &mut rows).await?;
    audit_shows(stack, id, &mut rows).await?;

    let path = format!("/api/tasks/{id}");
    let completed = admin
        .send(Method::PATCH, &path, Some(&json!({"completed": true})))
        .await?;
    rows.add(
        "Admin completes it",
        "200, completed true",
        format!(
            "{}, completed {}",
            completed.outcome(),
            completed.body["completed"]
        ),
    );
    rows.status(
        "Admin deletes it",
        "200",
        &admin.send(Method::DELETE, &path, None).await?,
    );
    let tasks = admin.get("/api/tasks").await?;
    rows.add(
        "it is gone",
        "0 tasks of this title",
        format!("{} tasks of this title", count(&tasks.body, "title", title)),
    );
    Ok(rows.done())
}

/// Adds the row on the notification. It is the Admin's own only if on-behalf-of worked.
async fn notification_shows(stack: &Stack, title: &str, rows: &mut Rows) -> anyhow::Result<()> {
    let token = stack
        .identity_provider()
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    let list = Caller {
        stack,
        token: Some(&token),
    }
    .get("/notification/notifications")
    .await?;
    let got = format!(
        "{}, {} of it, to {}",
        list.outcome(),
        count(&list.body, "task_title", title),
        text(&list.body[0], "to")
    );
    rows.add(
        "notification heard of it on the user's behalf",
        format!("200, 1 of it, to {}", ADMIN.username),
        got,
    );
    Ok(())
}

/// Adds the row on the audit entry. It names the task API as its writer only if client
/// credentials worked.
async fn audit_shows(stack: &Stack, id: i64, rows: &mut Rows) -> anyhow::Result<()> {
    let token = stack
        .identity_provider()
        .application_token(TASK_API_CLIENT, AUDIT)
        .await?;
    let list = Caller {
        stack,
        token: Some(&token),
    }
    .get("/auditing/audit")
    .await?;
    let entry = &list.body[0];
    let got = format!(
        "{}, {} {} by {}",
        list.outcome(),
        text(entry, "action"),
        text(entry, "resource_id"),
        text(entry, "caller_app_id")
    );
    rows.add(
        "audit heard of it from the task API itself",
        format!("200, task_created {id} by {TASK_API}"),
        got,
    );
    Ok(())
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or("nothing")
}

fn count(list: &Value, member: &str, value: &str) -> usize {
    list.as_array().map_or(usize::MAX, |list| {
        list.iter().filter(|item| item[member] == value).count()
    })
}
