use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use portcullis_guard::{Authenticated, require_any_role, require_application};
use portcullis_runtime::Problem;

const ROLE: &str = "AuditLog.Write";

/// An application that may use the trail. A user never becomes one, whatever roles the token lists.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    pub(crate) app_id: String,
    pub(crate) tenant: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated { caller, .. } = Authenticated::from_request_parts(parts, state).await?;
        require_application(&caller)?;
        require_any_role(&caller, &[ROLE])?;
        // An entry must name the application that wrote it, and nothing else of the caller can stand for that.
        let app_id = caller.actor.ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "application_unknown",
                "the token names no application: it has neither azp nor appid",
            )
        })?;
        Ok(Self { app_id, tenant: caller.tenant })
    }
}
