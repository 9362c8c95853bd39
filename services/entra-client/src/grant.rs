use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};

/// A token request: tenant, scope and kind of grant.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) tenant: Arc<str>,
    pub(crate) scope: Arc<str>,
    pub(crate) kind: GrantKind,
}

#[derive(Clone)]
pub(crate) enum GrantKind {
    /// The jwt-bearer grant (RFC 7523 §2.1) as Entra extends it, with the user's token.
    OnBehalfOf(Arc<str>),
    /// The client credentials grant (RFC 6749 §4.4).
    ClientCredentials,
}

/// Everything that a token depends on. Only grants with the same key may share a token.
///
/// The key holds the user's token instead of the user's id, because a token of another session may
/// carry other rights.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GrantKey {
    tenant: Arc<str>,
    scope: Arc<str>,
    /// A digest of the user's token, which is not kept. Absent if the service acts as itself.
    assertion: Option<[u8; 32]>,
}

impl Grant {
    pub(crate) fn key(&self) -> GrantKey {
        let assertion = match &self.kind {
            GrantKind::ClientCredentials => None,
            GrantKind::OnBehalfOf(assertion) => {
                let mut bytes = [0; 32];
                bytes.copy_from_slice(digest(&SHA256, assertion.as_bytes()).as_ref());
                Some(bytes)
            }
        };
        GrantKey {
            tenant: Arc::clone(&self.tenant),
            scope: Arc::clone(&self.scope),
            assertion,
        }
    }

    /// The name of the grant in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            GrantKind::OnBehalfOf(_) => "on_behalf_of",
            GrantKind::ClientCredentials => "client_credentials",
        }
    }

    /// The form fields that the grant adds to the client's credential.
    pub(crate) fn form(&self) -> Vec<(&'static str, &str)> {
        let mut form = match &self.kind {
            GrantKind::ClientCredentials => vec![("grant_type", "client_credentials")],
            GrantKind::OnBehalfOf(assertion) => vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("requested_token_use", "on_behalf_of"),
                ("assertion", assertion),
            ],
        };
        form.push(("scope", &self.scope));
        form
    }
}

impl fmt::Debug for GrantKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OnBehalfOf(_) => "OnBehalfOf(redacted)",
            Self::ClientCredentials => "ClientCredentials",
        })
    }
}
