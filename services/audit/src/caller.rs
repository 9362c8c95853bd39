use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis_guard::{
    Applications, Authenticated, require_actor, require_any_role, require_application,
};
use portcullis_runtime::Problem;

const ROLE: &str = "AuditLog.Write";

/// An application that may use the trail. A user is never one, even with the role in the token.
#[derive(Clone, Debug)]
pub(crate) struct AuditCaller {
    pub(crate) app_id: String,
    pub(crate) object_id: String,
    pub(crate) tenant: String,
}

impl<S: Send + Sync> FromRequestParts<S> for AuditCaller
where
    Applications: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated { caller, .. } = Authenticated::from_request_parts(parts, state).await?;
        require_application(&caller)?;
        require_any_role(&caller, &[ROLE])?;
        let Applications(listed) = Applications::from_ref(state);
        require_actor(&caller, &listed)?;
        // `require_actor` admits only callers with an actor.
        let app_id = caller.actor.unwrap_or_default();
        Ok(Self {
            app_id,
            object_id: caller.object_id,
            tenant: caller.tenant,
        })
    }
}
