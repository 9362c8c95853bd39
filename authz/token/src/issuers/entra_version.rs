/// The version of a token of Entra. The API's registration decides it, not the endpoint that the
/// client used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntraVersion {
    /// `ver: "1.0"`, issued by `sts.windows.net`, with `appid` and `unique_name`.
    V1,
    /// `ver: "2.0"`, with `azp` and `preferred_username`.
    V2,
}

impl EntraVersion {
    pub(crate) const ALL: [Self; 2] = [Self::V1, Self::V2];

    pub(crate) fn from_claim(ver: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.claim() == ver)
    }

    /// The value of `ver`.
    pub(crate) fn claim(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    /// The claims that name the actor: this version's and the other's.
    pub(crate) fn actor_claims(self) -> (&'static str, &'static str) {
        match self {
            Self::V1 => ("appid", "azp"),
            Self::V2 => ("azp", "appid"),
        }
    }

    /// The claims that may have a user's e-mail address or principal name, best first.
    pub(crate) fn email_claims(self) -> [&'static str; 4] {
        match self {
            Self::V1 => ["upn", "unique_name", "email", "preferred_username"],
            Self::V2 => ["preferred_username", "email", "upn", "unique_name"],
        }
    }
}
