//! Who calls: the token that dev-entra issued for Microsoft Graph, and the permissions in it.

use std::collections::BTreeSet;

use http::{HeaderMap, header};
use serde::Deserialize;
use uuid::Uuid;

use super::error::GraphError;
use crate::directory::{GRAPH_ID, GRAPH_URI};
use crate::entra::Entra;
use crate::issued_token::{self, NotIssued};

/// The caller of a request.
pub(super) struct Caller {
    pub(super) tenant: Uuid,
    /// The user of a delegated token.
    pub(super) user: Option<Uuid>,
    permissions: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    tid: Uuid,
    oid: Uuid,
    /// Only in delegated tokens.
    scp: Option<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
}

impl Caller {
    pub(super) fn of(entra: &Entra, headers: &HeaderMap) -> Result<Self, GraphError> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
            .map(|(_, token)| token.trim())
            .ok_or_else(|| GraphError::token("Access token is empty."))?;
        let claims: Claims = issued_token::verify(&entra.keys, token).map_err(|reason| {
            GraphError::token(match reason {
                NotIssued::Malformed => "IDX14100: JWT is not well formed.",
                NotIssued::Expired => "Lifetime validation failed, the token is expired.",
                NotIssued::Algorithm | NotIssued::UnknownKey | NotIssued::Signature => {
                    "Signature validation failed, dev-entra has not signed the token."
                }
            })
        })?;
        let audience = entra.authority.graph_or(&claims.aud);
        if audience != GRAPH_URI && audience != GRAPH_ID.to_string() {
            return Err(GraphError::token(
                "Access token validation failure. Invalid audience.",
            ));
        }
        Ok(Self::with(claims))
    }

    /// A user's `roles` on Microsoft Graph are no permissions; the scopes of the client are.
    fn with(claims: Claims) -> Self {
        match claims.scp {
            Some(scopes) => Self {
                tenant: claims.tid,
                user: Some(claims.oid),
                permissions: scopes.split_whitespace().map(str::to_owned).collect(),
            },
            None => Self {
                tenant: claims.tid,
                user: None,
                permissions: claims.roles,
            },
        }
    }

    pub(super) fn has(&self, any_of: &[&str]) -> bool {
        any_of.iter().any(|name| self.permissions.contains(*name))
    }

    /// Fails unless the token has one of the permissions.
    pub(super) fn require(&self, any_of: &[&str]) -> Result<(), GraphError> {
        if self.has(any_of) {
            Ok(())
        } else {
            Err(GraphError::denied())
        }
    }
}
