//! One type for both kinds of issuer: Entra and other OpenID Connect providers.

use super::audience::Audiences;
use super::entra::{EntraIssuer, Origin as EntraOrigin};
use super::oidc::{OidcIssuer, OidcOrigin};
use crate::caller::Caller;
use crate::claims::Claims;
use crate::jws::Algorithm;
use crate::keys::{KeyCache, VerificationKey};
use crate::token_denied::TokenDenied;

/// An issuer of tokens, with its key caches.
#[derive(Debug)]
pub(crate) enum Issuer {
    Entra(EntraIssuer),
    Oidc(OidcIssuer),
}

/// The origin that a token claims, with the keys that must verify it.
#[derive(Debug)]
pub(crate) enum Origin<'a> {
    Entra(EntraOrigin<'a>),
    Oidc(OidcOrigin<'a>),
}

impl Issuer {
    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        match self {
            Self::Entra(_) => EntraIssuer::ALGORITHMS,
            Self::Oidc(oidc) => oidc.algorithms(),
        }
    }

    /// Whether the issuer always writes `nbf`. Entra does; RFC 9068 §2.2 requires only `iat`.
    pub(crate) fn writes_not_before(&self) -> bool {
        matches!(self, Self::Entra(_))
    }

    /// Whether the settings take sender-constrained tokens without the proof of possession.
    pub(crate) fn takes_sender_constrained_as_bearer(&self) -> bool {
        match self {
            Self::Entra(entra) => entra.settings().takes_sender_constrained_as_bearer(),
            Self::Oidc(oidc) => oidc.settings().takes_sender_constrained_as_bearer(),
        }
    }

    pub(crate) fn origin_of<'a>(&'a self, claims: &'a Claims) -> Result<Origin<'a>, TokenDenied> {
        match self {
            Self::Entra(entra) => entra.origin_of(claims).map(Origin::Entra),
            Self::Oidc(oidc) => oidc.origin_of(claims).map(Origin::Oidc),
        }
    }

    /// The key cache that verifies a token with these claims; `None` if the settings of Entra have
    /// no such tenant or version.
    pub(crate) fn key_cache_of(&self, claims: &Claims) -> Option<&KeyCache> {
        match self {
            Self::Entra(entra) => entra.key_cache_of(claims),
            Self::Oidc(oidc) => Some(oidc.key_cache()),
        }
    }

    /// The key epoch, which grows whenever keys of a source change.
    pub(crate) fn key_epoch(&self) -> u64 {
        match self {
            Self::Entra(entra) => entra.key_epoch(),
            Self::Oidc(oidc) => oidc.key_cache().epoch(),
        }
    }

    /// The key caches of all sources: several for Entra, one for another provider.
    pub(crate) fn key_caches(&self) -> Vec<&KeyCache> {
        match self {
            Self::Entra(entra) => entra.key_caches(),
            Self::Oidc(oidc) => vec![oidc.key_cache()],
        }
    }
}

impl Origin<'_> {
    pub(crate) fn caller(
        &self,
        claims: &Claims,
        audiences: &Audiences,
    ) -> Result<Caller, TokenDenied> {
        match self {
            Self::Entra(origin) => origin.caller(claims, audiences),
            Self::Oidc(origin) => origin.caller(claims, audiences),
        }
    }

    pub(crate) fn key(&self, kid: &str) -> Result<&VerificationKey, TokenDenied> {
        match self {
            Self::Entra(origin) => origin.key(kid),
            Self::Oidc(origin) => origin.key(kid),
        }
    }
}
