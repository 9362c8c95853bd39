//! The ids of Microsoft Graph's own permissions, which scripts write down as constants
//! ("Microsoft Graph permissions reference").

use uuid::{Uuid, uuid};

/// The id of a delegated permission.
pub(crate) fn scope(name: &str) -> Option<Uuid> {
    Some(match name {
        "openid" => uuid!("37f7f235-527c-4136-accd-4a02d197296e"),
        "profile" => uuid!("14dad69e-099b-42c9-810b-d002981feec1"),
        "email" => uuid!("64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0"),
        "offline_access" => uuid!("7427e0e9-2fba-42fe-b0c0-848c9e6a8182"),
        "User.Read" => uuid!("e1fe6dd8-ba31-4d61-89e7-88639da4683d"),
        "Application.Read.All" => uuid!("c79f8feb-a9db-4090-85f9-90d820caa0eb"),
        "Application.ReadWrite.All" => uuid!("bdfbf15f-ee85-4955-8675-146e8e5296b5"),
        "AppRoleAssignment.ReadWrite.All" => uuid!("84bccea3-f856-4a8a-967b-dbe0a3d53a64"),
        "DelegatedPermissionGrant.ReadWrite.All" => uuid!("41ce6ca6-6826-4807-84f1-1c82854f7ee5"),
        "Directory.Read.All" => uuid!("06da0dbc-49e2-44d2-8312-53f166ab848a"),
        "Directory.ReadWrite.All" => uuid!("c5366453-9fb0-48a5-a156-24f0c49a4b84"),
        "Group.Read.All" => uuid!("5f8c59db-677d-491f-a6b8-5f174b11ec1d"),
        "GroupMember.Read.All" => uuid!("bc024368-1153-4739-b217-4326f2e966d0"),
        "User.Read.All" => uuid!("a154be20-db9c-4678-8ab7-66f6cc099a59"),
        _ => return None,
    })
}

/// The id of an app role.
pub(crate) fn role(name: &str) -> Option<Uuid> {
    Some(match name {
        "Application.Read.All" => uuid!("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
        "Application.ReadWrite.All" => uuid!("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
        "AppRoleAssignment.ReadWrite.All" => uuid!("06b708a9-e830-4db3-a914-8e69da51d44f"),
        "DelegatedPermissionGrant.ReadWrite.All" => uuid!("8e8e4742-1d95-4f68-9d56-6ee75648c72a"),
        "Directory.Read.All" => uuid!("7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
        "Directory.ReadWrite.All" => uuid!("19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
        "Group.Read.All" => uuid!("5b567255-7703-4780-807c-7be8301ae99b"),
        "GroupMember.Read.All" => uuid!("98830695-27a2-44f7-8c18-0c3ebc9698f6"),
        "User.Read.All" => uuid!("df021288-bdef-4463-88db-98f22de89214"),
        _ => return None,
    })
}
