use axum::extract::FromRequestParts;
use http::request::Parts;
use portcullis_guard::{Authenticated, require_scope, require_user};
use portcullis_runtime::Problem;

const SCOPE: &str = "Notify.Send";

/// A user in whose name a client with `Notify.Send` acts. An application, or a token for another purpose, never becomes one.
#[derive(Clone)]
pub(crate) struct Notifier {
    pub(crate) tenant: String,
    pub(crate) object_id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Notifier {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated { caller, .. } = Authenticated::from_request_parts(parts, state).await?;
        require_user(&caller)?;
        require_scope(&caller, SCOPE)?;
        Ok(Self { tenant: caller.tenant, object_id: caller.object_id, name: caller.name, email: caller.email })
    }
}
