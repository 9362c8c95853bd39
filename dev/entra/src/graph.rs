//! Microsoft Graph, as far as provisioning and group overage need it: `/v1.0`.
//!
//! A change here changes what the token endpoint issues: it replaces the directory.
//!
//! ```text
//! path ─▶ caller (token for Graph, its permissions) ─▶ route ─▶ objects of the registry ─▶ JSON
//!                                                        │        ($filter, $select, paging)
//!                                                        └─▶ change ─▶ registry ─▶ directory
//! ```

mod applications;
mod assignments;
mod call;
mod caller;
mod change;
mod credentials;
mod error;
mod federated;
mod filter;
mod grants;
mod groups;
mod object;
pub(crate) mod permission_ids;
mod query;
mod registry;
mod reply;
mod service_principals;
#[cfg(test)]
mod tests;
mod users;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};

use crate::entra::Live;
use call::Call;
use caller::Caller;
use error::GraphError;
use query::Query;
use reply::{Reply, RequestIds};

pub(crate) use object::{
    AllowedMemberType, Api, AppRole, AppRoleAssignment, ApplicationObject, ConsentNeeded,
    ConsentType, FederatedIdentityCredential, OAuth2PermissionGrant, OptionalClaims,
    PasswordCredential, PermissionScope, PreAuthorizedApplication, PrincipalType, RedirectUriList,
    RequiredResourceAccess, ServicePrincipalObject, derived_id,
};
pub(crate) use registry::{Registration, Registry};

/// Every request below `/v1.0`.
pub(crate) async fn serve(
    State(live): State<Live>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ids = RequestIds::of(&headers);
    let reply = answer(&live, &method, &uri, &headers, &body);
    let response = match reply {
        Ok(reply) => reply.into_response(),
        Err(error) => error.into_response(&ids),
    };
    (ids.headers(), response).into_response()
}

fn answer(
    live: &Live,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Reply, GraphError> {
    let entra = live.entra();
    let caller = Caller::of(&entra, headers)?;
    let call = Call {
        live,
        tenant: caller.tenant,
        query: Query::parse(uri.query().unwrap_or_default(), headers)?,
        method: method.as_str(),
        path: uri.path(),
        body,
        entra: &entra,
        caller,
    };
    let segments = call::segments(uri.path());
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["me", rest @ ..] => users::serve_me(&call, rest),
        ["users", rest @ ..] => users::serve(&call, rest),
        ["groups", rest @ ..] => groups::serve(&call, rest),
        ["applications", rest @ ..] => applications::serve(&call, rest),
        ["servicePrincipals", rest @ ..] => service_principals::serve(&call, rest),
        ["oauth2PermissionGrants", rest @ ..] => grants::serve(&call, rest),
        _ => Err(call.no_such_path()),
    }
}
