//! Changes of tasks. Each is one transaction with its messages to other services.

use axum::http::HeaderMap;
use http::StatusCode;
use portcullis_database::{Transaction, query_failed};
use portcullis_reason_codes::TASK_DELETED_SINCE;
use portcullis_runtime::{IdempotencyKey, Problem, request_id};
use tokio::time::Instant;

use super::creations::{self, Claim};
use super::if_match::IfMatch;
use super::task::{Task, TaskChange, TaskId, task_not_found};
use super::{Title, store};
use crate::app_state::AppState;
use crate::downstream::Event;
use crate::outbox::{Change, Enqueued, Report};
use crate::task_user::TaskUser;

/// The user of a change, and its request.
#[derive(Debug)]
pub(super) struct Author {
    user: TaskUser,
    request_id: Option<String>,
}

impl Author {
    pub(super) fn new(user: TaskUser, headers: &HeaderMap) -> Self {
        Self {
            user,
            request_id: request_id(headers).map(str::to_owned),
        }
    }

    fn before(&self) -> Report {
        Report::before(self.user.token.as_ref())
    }

    /// Checks the user before a change, and returns the time until which the user waits.
    async fn admit(&self, state: &AppState) -> Result<Instant, Problem> {
        state
            .outbox
            .admit(&self.user.caller.tenant, self.user.token.as_ref())
            .await
    }

    async fn enqueue(
        &self,
        state: &AppState,
        transaction: &mut Transaction,
        event: Event,
        task: &Task,
    ) -> sqlx::Result<Enqueued> {
        let change = Change {
            event,
            task_id: task.id,
            task_version: task.version,
            title: &task.title,
            tenant: &self.user.caller.tenant,
            actor: &self.user.caller.object_id,
            request_id: self.request_id.as_deref(),
        };
        state
            .outbox
            .enqueue(transaction, &change, self.user.token.as_ref())
            .await
    }
}

pub(super) async fn create(
    state: AppState,
    author: Author,
    key: Option<IdempotencyKey>,
    title: Title,
) -> Result<Task, Problem> {
    let deadline = author.admit(&state).await?;
    let mut transaction = state.database.write().await.map_err(query_failed)?;
    let caller = &author.user.caller;
    if let Some(key) = &key {
        let claim = creations::claim(&mut transaction, caller, key.as_str(), &title)
            .await
            .map_err(query_failed)?;
        if let Claim::Used {
            title: earlier,
            task_id,
        } = claim
        {
            return if earlier == title.as_str() {
                repeated(transaction, &author, task_id).await
            } else {
                Err(IdempotencyKey::reused())
            };
        }
    }
    let task = store::create(&mut transaction, caller, &title, author.before())
        .await
        .map_err(query_failed)?;
    if let Some(key) = &key {
        creations::created(&mut transaction, caller, key.as_str(), task.id)
            .await
            .map_err(query_failed)?;
    }
    let enqueued = author
        .enqueue(&state, &mut transaction, Event::Created, &task)
        .await
        .map_err(query_failed)?;
    transaction.commit().await.map_err(query_failed)?;
    Ok(task.reported(enqueued.deliver(deadline).await))
}

/// The task that an earlier request with the same key created.
async fn repeated(
    mut transaction: Transaction,
    author: &Author,
    task_id: Option<i64>,
) -> Result<Task, Problem> {
    let task = match task_id {
        Some(id) => store::find(&mut transaction, author.user.reach(), TaskId(id))
            .await
            .map_err(query_failed)?,
        None => None,
    };
    task.ok_or_else(|| {
        let detail = "this Idempotency-Key created a task that has been deleted since; \
                      use another key for another task";
        Problem::new(StatusCode::GONE, TASK_DELETED_SINCE, detail)
    })
}

pub(super) async fn update(
    state: AppState,
    author: Author,
    id: TaskId,
    condition: IfMatch,
    change: TaskChange,
) -> Result<Task, Problem> {
    let deadline = author.admit(&state).await?;
    let (mut transaction, task) = lock(&state, &author, id, &condition).await?;
    if change.is_empty() {
        return Ok(task);
    }
    let task = store::update(&mut transaction, task.id, &change, author.before())
        .await
        .map_err(query_failed)?;
    let enqueued = author
        .enqueue(&state, &mut transaction, Event::Updated, &task)
        .await
        .map_err(query_failed)?;
    transaction.commit().await.map_err(query_failed)?;
    Ok(task.reported(enqueued.deliver(deadline).await))
}

pub(super) async fn delete(
    state: AppState,
    author: Author,
    id: TaskId,
    condition: IfMatch,
) -> Result<Report, Problem> {
    let deadline = author.admit(&state).await?;
    let (mut transaction, task) = lock(&state, &author, id, &condition).await?;
    store::delete(&mut transaction, task.id)
        .await
        .map_err(query_failed)?;
    let enqueued = author
        .enqueue(&state, &mut transaction, Event::Deleted, &task)
        .await
        .map_err(query_failed)?;
    transaction.commit().await.map_err(query_failed)?;
    Ok(enqueued.deliver(deadline).await)
}

/// Locks the task for this transaction, if the caller may use it and `condition` holds.
async fn lock(
    state: &AppState,
    author: &Author,
    id: TaskId,
    condition: &IfMatch,
) -> Result<(Transaction, Task), Problem> {
    let mut transaction = state.database.write().await.map_err(query_failed)?;
    let found = store::lock(&mut transaction, &state.database, author.user.reach(), id)
        .await
        .map_err(query_failed)?;
    let task = found.ok_or_else(task_not_found)?;
    condition.check(&task)?;
    Ok((transaction, task))
}
