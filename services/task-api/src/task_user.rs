//! Users of tasks, and the tasks that they may use.

use axum::extract::FromRequestParts;
use http::request::Parts;
use portcullis_guard::{Authenticated, BearerToken, require_scope, require_user};
use portcullis_runtime::Problem;
use portcullis_token::Caller;

const SCOPE: &str = "access_as_user";

const ADMIN: &str = "Admin";
const EDITOR: &str = "Editor";
const READER: &str = "Reader";
/// Roles that see tasks.
pub(crate) const READERS: &[&str] = &[ADMIN, EDITOR, READER];
/// Roles that create and change tasks.
pub(crate) const EDITORS: &[&str] = &[ADMIN, EDITOR];
/// Roles that delete tasks.
pub(crate) const ADMINS: &[&str] = &[ADMIN];

/// A user with the scope `access_as_user`.
///
/// An application, or a token with another scope, is never one.
#[derive(Clone, Debug)]
pub(crate) struct TaskUser {
    pub(crate) caller: Caller,
    pub(crate) token: Option<BearerToken>,
}

/// The tasks that a request may use.
///
/// Every query requires it, so that no query can cross tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach<'a> {
    /// Every task of the tenant.
    Tenant { tenant: &'a str },
    /// The tasks of one user of the tenant.
    Owner { tenant: &'a str, owner: &'a str },
}

impl TaskUser {
    /// An Admin reaches every task of the tenant, other users only their own.
    pub(crate) fn reach(&self) -> Reach<'_> {
        let tenant = &self.caller.tenant;
        if self.caller.has_role(ADMIN) {
            Reach::Tenant { tenant }
        } else {
            Reach::Owner {
                tenant,
                owner: &self.caller.object_id,
            }
        }
    }
}

impl<'a> Reach<'a> {
    pub(crate) fn tenant(self) -> &'a str {
        match self {
            Self::Tenant { tenant } | Self::Owner { tenant, .. } => tenant,
        }
    }

    /// The owner that rows must have; `None` for any owner of the tenant.
    pub(crate) fn owner(self) -> Option<&'a str> {
        match self {
            Self::Tenant { .. } => None,
            Self::Owner { owner, .. } => Some(owner),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TaskUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated { caller, token } =
            Authenticated::from_request_parts(parts, state).await?;
        require_user(&caller)?;
        require_scope(&caller, SCOPE)?;
        Ok(Self { caller, token })
    }
}
