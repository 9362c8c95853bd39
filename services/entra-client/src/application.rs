use url::Url;

use crate::credential::ClientCredential;

/// The application whose name a service requests tokens in.
#[derive(Debug)]
pub struct Application {
    /// The token authority, such as `https://login.microsoftonline.com`.
    pub authority: Url,
    /// The tenant that the application is registered in.
    pub home_tenant: String,
    /// The application's id.
    pub client_id: String,
    /// The credential that authenticates the application.
    pub credential: ClientCredential,
}

impl Application {
    /// The token endpoint of a tenant (RFC 6749 §3.2).
    pub(crate) fn token_url(&self, tenant: &str) -> Url {
        self.endpoint(tenant, "token")
    }

    /// The authorization endpoint of a tenant, where its users sign in (RFC 6749 §3.1).
    pub(crate) fn authorization_url(&self, tenant: &str) -> Url {
        self.endpoint(tenant, "authorize")
    }

    /// An endpoint of `tenant`, which is encoded as one path segment.
    fn endpoint(&self, tenant: &str, endpoint: &str) -> Url {
        let mut url = self.authority.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend([tenant, "oauth2", "v2.0", endpoint]);
        }
        url
    }
}
