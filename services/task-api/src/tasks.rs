//! HTTP handlers of tasks.

mod creations;
mod if_match;
mod listing;
mod responses;
mod store;
mod task;
mod title;
mod write;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use portcullis_database::query_failed;
use portcullis_guard::require_any_role;
use portcullis_runtime::{
    BodyProblemResponses, IdempotencyKey, JsonBody, Page, Problem, ProblemResponses, Query,
    TraceFuture,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use creations::OLD_CREATIONS;
use if_match::IfMatch;
use listing::Listing;
use responses::{OtherVersion, TaskNotFound};
use task::{Deleted, NewTask, Task, TaskChange, TaskId, TaskView, task_not_found};
use title::Title;
use write::Author;

use crate::app_state::AppState;
use crate::task_user::{ADMINS, EDITORS, READERS, TaskUser};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
}

/// Lists tasks: an Admin sees all tasks of the tenant, other users only their own.
///
/// If more tasks follow, the `Link` header leads to the next page: `<?…>; rel="next"` (RFC 8288).
#[utoipa::path(
    get,
    path = "/api/tasks",
    tag = "tasks",
    params(Listing),
    responses(
        (
            status = OK,
            description = "A page of tasks, by id.",
            body = [TaskView],
            headers(("Link" = Option<String>, description = "The next page, if there is one"))
        ),
        ProblemResponses,
    )
)]
async fn list(
    State(state): State<AppState>,
    user: TaskUser,
    uri: Uri,
    Query(listing): Query<Listing>,
) -> Result<Response, Problem> {
    require_any_role(&user.caller, READERS)?;
    let read = state.database.read().await.map_err(query_failed)?;
    let tasks = store::list(read, user.reach(), &listing)
        .await
        .map_err(query_failed)?;
    let views = tasks
        .into_iter()
        .map(|task| TaskView::new(task, user.reach()))
        .collect();
    Ok(Page::beginning(views, listing.limit, |task: &TaskView| {
        task.id().to_string()
    })
    .answer(&uri))
}

/// Shows one task.
#[utoipa::path(
    get,
    path = "/api/tasks/{id}",
    tag = "tasks",
    params(("id" = i64, Path, description = "The task's id")),
    responses(
        (
            status = OK,
            description = "The task.",
            body = TaskView,
            headers(("ETag" = String, description = "The task's version"))
        ),
        TaskNotFound,
        ProblemResponses,
    )
)]
async fn show(
    State(state): State<AppState>,
    user: TaskUser,
    id: TaskId,
) -> Result<Response, Problem> {
    require_any_role(&user.caller, READERS)?;
    let mut read = state.database.read().await.map_err(query_failed)?;
    let task = store::find(&mut read, user.reach(), id)
        .await
        .map_err(query_failed)?;
    Ok(with_etag(&user, task.ok_or_else(task_not_found)?))
}

/// Creates a task of the caller.
///
/// The first version answered 200; its clients accept any success (2xx), and so 201. A retried
/// request with the same `Idempotency-Key` creates nothing, and gets the present task.
#[utoipa::path(
    post,
    path = "/api/tasks",
    tag = "tasks",
    request_body = NewTask,
    params((
        "Idempotency-Key" = Option<String>,
        Header,
        description = "Distinguishes a retried request from a second one; kept for a day",
        min_length = 1,
        max_length = 128,
        pattern = "^[!-~]+$"
    )),
    responses(
        (
            status = CREATED,
            description = "The task.",
            body = TaskView,
            headers(
                ("Location" = String, description = "The task's path"),
                ("ETag" = String, description = "The task's version")
            )
        ),
        (
            status = GONE,
            description = "The key created a task that has been deleted since.",
            body = Problem,
            content_type = "application/problem+json"
        ),
        BodyProblemResponses,
    )
)]
async fn create(
    State(state): State<AppState>,
    user: TaskUser,
    key: Option<IdempotencyKey>,
    headers: HeaderMap,
    JsonBody(new): JsonBody<NewTask>,
) -> Result<Response, Problem> {
    require_any_role(&user.caller, EDITORS)?;
    let author = Author::new(user.clone(), &headers);
    let task = run_to_completion(write::create(state, author, key, new.title)).await?;
    let location = format!("/api/tasks/{}", task.id);
    let response = with_etag(&user, task);
    let location = HeaderValue::from_str(&location).map_err(|error| Problem::internal(&error))?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        response,
    )
        .into_response())
}

/// Changes a task: an Admin any task of the tenant, an Editor only their own.
#[utoipa::path(
    patch,
    path = "/api/tasks/{id}",
    tag = "tasks",
    request_body = TaskChange,
    params(
        ("id" = i64, Path, description = "The task's id"),
        (
            "If-Match" = Option<String>,
            Header,
            description = "Change the task only if it has this version"
        ),
    ),
    responses(
        (
            status = OK,
            description = "The changed task.",
            body = TaskView,
            headers(("ETag" = String, description = "The task's version"))
        ),
        TaskNotFound,
        OtherVersion,
        BodyProblemResponses,
    )
)]
async fn update(
    State(state): State<AppState>,
    user: TaskUser,
    id: TaskId,
    condition: IfMatch,
    headers: HeaderMap,
    JsonBody(change): JsonBody<TaskChange>,
) -> Result<Response, Problem> {
    require_any_role(&user.caller, EDITORS)?;
    let author = Author::new(user.clone(), &headers);
    let task = run_to_completion(write::update(state, author, id, condition, change)).await?;
    Ok(with_etag(&user, task))
}

/// Deletes a task of the caller's tenant.
#[utoipa::path(
    delete,
    path = "/api/tasks/{id}",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "The task's id"),
        (
            "If-Match" = Option<String>,
            Header,
            description = "Delete the task only if it has this version"
        ),
    ),
    responses(
        (status = OK, description = "The task is deleted.", body = Deleted),
        (
            status = BAD_REQUEST,
            description = "`If-Match` is not a list of entity tags.",
            body = Problem,
            content_type = "application/problem+json"
        ),
        TaskNotFound,
        OtherVersion,
        ProblemResponses,
    )
)]
async fn delete(
    State(state): State<AppState>,
    user: TaskUser,
    id: TaskId,
    condition: IfMatch,
    headers: HeaderMap,
) -> Result<Json<Deleted>, Problem> {
    require_any_role(&user.caller, ADMINS)?;
    let author = Author::new(user, &headers);
    run_to_completion(write::delete(state, author, id, condition))
        .await
        .map(|report| Json(Deleted::new(report)))
}

fn with_etag(user: &TaskUser, task: Task) -> Response {
    let etag = task.etag();
    (
        [(header::ETAG, etag)],
        Json(TaskView::new(task, user.reach())),
    )
        .into_response()
}

/// Runs `work` to completion even if the client disconnects.
///
/// Otherwise a disconnect could abort a transaction just before its commit, or leave the first
/// delivery attempt to the dispatcher.
async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work.with_current_context())
        .await
        .map_err(|error| Problem::internal(&error))?
}
