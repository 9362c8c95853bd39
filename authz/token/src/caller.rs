/// The caller that a verified token proves.
///
/// Identity is (`tenant`, `object_id`). Name and e-mail are for display: they change and repeat, so
/// no decision may use them (Microsoft's "Claims validation", §Don't use mutable claims).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that vouches for the caller: `tid`.
    pub tenant: String,
    /// The caller within the tenant: `oid` of a user or a service principal.
    pub object_id: String,
    /// Whether the caller is a user or an application.
    pub kind: CallerKind,
    /// The client application that obtained the token: `azp` (v2) or `appid` (v1).
    pub actor: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// E-mail address or user principal name.
    pub email: Option<String>,
    /// Application roles on the API that the token is for.
    pub roles: Vec<String>,
    /// Scopes that the client was granted; empty for applications.
    pub scopes: Vec<String>,
}

/// The kind of caller that a token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// A user who signed in to a client.
    User,
    /// An application that acts as itself.
    Application,
}

impl Caller {
    /// Whether the caller has `role`, compared exactly: Entra's role values are case-sensitive.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    /// Whether the client was granted `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

impl CallerKind {
    /// The name of the kind in assertions and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
        }
    }

    /// The kind that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::User, Self::Application]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}
