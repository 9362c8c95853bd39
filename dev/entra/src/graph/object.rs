//! The objects of Microsoft Graph that can be written, with the names that its documentation has
//! ("application resource type" and the pages beside it).

mod application;
mod credential;
mod enterprise;
mod optional_claims;
mod permission;

pub(crate) use application::{Api, ApplicationObject, RedirectUriList, RequiredResourceAccess};
pub(crate) use credential::{FederatedIdentityCredential, PasswordCredential};
pub(crate) use enterprise::{
    AppRoleAssignment, ConsentType, OAuth2PermissionGrant, PrincipalType, ServicePrincipalObject,
};
pub(crate) use optional_claims::OptionalClaims;
pub(crate) use permission::{
    AllowedMemberType, AppRole, ConsentNeeded, PermissionScope, PreAuthorizedApplication,
};

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

/// An id that `owner` and `name` determine, for objects of the directory file, which has none.
pub(crate) fn derived_id(owner: Uuid, name: &str) -> Uuid {
    let mut bytes = [0; 16];
    let hash = digest(&SHA256, format!("{owner} {name}").as_bytes());
    for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
