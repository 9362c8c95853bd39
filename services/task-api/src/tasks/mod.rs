//! Tasks over HTTP.

mod store;
mod task;
#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use portcullis_guard::require_any_role;
use portcullis_runtime::{JsonBody, Problem};
use tokio::time::Instant;

pub(crate) use store::TaskStore;
use task::{Deleted, NewTask, Task, TaskChange, TaskId, TaskView, task_not_found};

use crate::AppState;
use crate::downstream::{Change, Event, Outcome};
use crate::task_user::{ADMINS, EDITORS, READERS, TaskUser};
use portcullis_database::query_failed;
use portcullis_runtime::request_id;

/// The tasks within the caller's reach, oldest first.
pub(crate) async fn list(State(state): State<AppState>, user: TaskUser) -> Result<Json<Vec<TaskView>>, Problem> {
    require_any_role(&user.caller, READERS)?;
    let tasks = state.tasks.list(user.reach()).await.map_err(query_failed)?;
    Ok(Json(tasks.into_iter().map(|task| TaskView::new(task, user.reach())).collect()))
}

/// Creates a task of the caller. Answers 200, as the clients of the first version expect.
pub(crate) async fn create(
    State(state): State<AppState>,
    user: TaskUser,
    headers: HeaderMap,
    JsonBody(new): JsonBody<NewTask>,
) -> Result<Json<TaskView>, Problem> {
    require_any_role(&user.caller, EDITORS)?;
    to_the_end(async move {
        let deadline = state.downstream.admit(&user.caller.tenant, user.token.as_ref()).await?;
        let mut task = state.tasks.create(&user.caller, &new.title).await.map_err(query_failed)?;
        announce_and_record(&state, &user, &headers, Event::Created, &mut task, deadline).await?;
        Ok(Json(TaskView::new(task, user.reach())))
    })
    .await
}

/// Changes a task within the caller's reach.
pub(crate) async fn update(
    State(state): State<AppState>,
    user: TaskUser,
    id: TaskId,
    headers: HeaderMap,
    JsonBody(change): JsonBody<TaskChange>,
) -> Result<Json<TaskView>, Problem> {
    require_any_role(&user.caller, EDITORS)?;
    to_the_end(async move {
        let deadline = state.downstream.admit(&user.caller.tenant, user.token.as_ref()).await?;
        let task = state.tasks.update(user.reach(), id, &change).await.map_err(query_failed)?;
        let mut task = task.ok_or_else(task_not_found)?;
        if !change.is_empty() {
            announce_and_record(&state, &user, &headers, Event::Updated, &mut task, deadline).await?;
        }
        Ok(Json(TaskView::new(task, user.reach())))
    })
    .await
}

/// Deletes a task of the caller's tenant. Only a task that existed is announced.
pub(crate) async fn delete(
    State(state): State<AppState>,
    user: TaskUser,
    id: TaskId,
    headers: HeaderMap,
) -> Result<Json<Deleted>, Problem> {
    require_any_role(&user.caller, ADMINS)?;
    to_the_end(async move {
        let deadline = state.downstream.admit(&user.caller.tenant, user.token.as_ref()).await?;
        let task = state.tasks.delete(user.reach(), id).await.map_err(query_failed)?;
        let task = task.ok_or_else(task_not_found)?;
        let outcome = announce(&state, &user, &headers, Event::Deleted, &task, deadline).await;
        Ok(Json(Deleted::new(outcome)))
    })
    .await
}

/// Runs to the end even when the client hangs up: otherwise hanging up would be a way to change a task without an audit entry.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|error| Problem::internal(&error))?
}

/// Stores how the announcements went, so that the statuses survive a reload.
async fn announce_and_record(
    state: &AppState,
    user: &TaskUser,
    headers: &HeaderMap,
    event: Event,
    task: &mut Task,
    deadline: Instant,
) -> Result<(), Problem> {
    let outcome = announce(state, user, headers, event, task, deadline).await;
    state.tasks.record_outcome(task.id, outcome).await.map_err(query_failed)?;
    task.notification_status = outcome.notification;
    task.audit_status = outcome.audit;
    Ok(())
}

async fn announce(
    state: &AppState,
    user: &TaskUser,
    headers: &HeaderMap,
    event: Event,
    task: &Task,
    deadline: Instant,
) -> Outcome {
    let change = Change {
        event,
        task_id: task.id,
        title: &task.title,
        tenant: &user.caller.tenant,
        actor: &user.caller.object_id,
        token: user.token.as_ref(),
        request_id: request_id(headers),
    };
    state.downstream.announce(&change, deadline).await
}
