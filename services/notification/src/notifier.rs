use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis_guard::{Applications, Authenticated, require_actor, require_scope, require_user};
use portcullis_runtime::Problem;

const SCOPE: &str = "Notify.Send";

/// A user with the scope `Notify.Send`, who receives notifications.
///
/// An application, or a token with another scope, is never one.
#[derive(Clone)]
pub(crate) struct Recipient {
    pub(crate) tenant: String,
    pub(crate) object_id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// A listed application that acts on behalf of a user.
#[derive(Clone)]
pub(crate) struct Notifier {
    pub(crate) user: Recipient,
    pub(crate) app_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Recipient {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated { caller, .. } = Authenticated::from_request_parts(parts, state).await?;
        require_user(&caller)?;
        require_scope(&caller, SCOPE)?;
        Ok(Self {
            tenant: caller.tenant,
            object_id: caller.object_id,
            name: caller.name,
            email: caller.email,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Notifier
where
    Applications: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user = Recipient::from_request_parts(parts, state).await?;
        let Authenticated { caller, .. } = Authenticated::from_request_parts(parts, state).await?;
        let Applications(listed) = Applications::from_ref(state);
        require_actor(&caller, &listed)?;
        // `require_actor` admits only callers with an actor.
        Ok(Self {
            user,
            app_id: caller.actor.unwrap_or_default(),
        })
    }
}
