//! The users and applications of `dev/entra/directory.yaml` that the outcomes use.

/// The tenant that the authz server serves.
pub const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
/// A tenant that the authz server does not serve.
pub const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";

/// The task API.
pub const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
/// The notification service.
pub const NOTIFICATION: &str = "3a5c0002-0000-4000-8000-000000000002";
/// The audit service.
pub const AUDIT: &str = "3a5c0003-0000-4000-8000-000000000003";
/// The browser app, which cannot keep a secret.
pub const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";
/// An unrelated API. Tokens for it are genuine, and every service denies them.
pub const OTHER_API: &str = "3a5c0006-0000-4000-8000-000000000006";

/// A user who signs in with a password.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// The tenant to sign in to.
    pub tenant: &'static str,
    /// The user principal name.
    pub username: &'static str,
    /// The password.
    pub password: &'static str,
}

/// Has the role Admin.
pub const ADMIN: User = User {
    tenant: CONTOSO,
    username: "ada.admin@contoso.example",
    password: "Admin-Passw0rd!",
};
/// Has the role Editor.
pub const EDITOR: User = User {
    tenant: CONTOSO,
    username: "eddie.editor@contoso.example",
    password: "Editor-Passw0rd!",
};
/// Has the role Reader.
pub const READER: User = User {
    tenant: CONTOSO,
    username: "rita.reader@contoso.example",
    password: "Reader-Passw0rd!",
};
/// Has the role Editor. On-behalf-of needs more than her password (Conditional Access).
pub const STEPS_UP: User = User {
    tenant: CONTOSO,
    username: "connie.conditional@contoso.example",
    password: "Connie-Passw0rd!",
};
/// Is an Admin of the tenant that the authz server does not serve.
pub const MALLORY: User = User {
    tenant: FABRIKAM,
    username: "mallory@fabrikam.example",
    password: "Mallory-Passw0rd!",
};

/// An application that signs in with a secret.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// The application id.
    pub id: &'static str,
    /// The secret.
    pub secret: &'static str,
}

/// Has the role `AuditLog.Write`.
pub const TASK_API_CLIENT: Client = Client {
    id: TASK_API,
    secret: "task-api-secret",
};
/// Has no role.
pub const NO_RIGHTS_CLIENT: Client = Client {
    id: "3a5c0005-0000-4000-8000-000000000005",
    secret: "no-rights-secret",
};
