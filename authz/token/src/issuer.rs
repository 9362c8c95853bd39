//! The two kinds of issuer behind one face.

use crate::algorithm::Algorithm;
use crate::audience::Audiences;
use crate::caller::Caller;
use crate::claims::Claims;
use crate::entra::{EntraIssuer, Origin as EntraOrigin};
use crate::jwk::VerificationKey;
use crate::key_cache::KeyCache;
use crate::oidc::{OidcIssuer, OidcOrigin};
use crate::refusal::Refusal;

/// Who issues tokens, with the keys at hand.
#[derive(Debug)]
pub(crate) enum Issuer {
    Entra(EntraIssuer),
    Oidc(OidcIssuer),
}

/// Where a token claims to come from.
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

    /// Entra always writes `nbf`; RFC 9068 §2.2 asks only for `iat`.
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

    pub(crate) fn origin_of<'a>(&'a self, claims: &'a Claims) -> Result<Origin<'a>, Refusal> {
        match self {
            Self::Entra(entra) => entra.origin_of(claims).map(Origin::Entra),
            Self::Oidc(oidc) => oidc.origin_of(claims).map(Origin::Oidc),
        }
    }

    /// The keys that a token with these claims is verified with; `None` for a token of another
    /// issuer.
    pub(crate) fn key_cache_of(&self, claims: &Claims) -> Option<&KeyCache> {
        match self {
            Self::Entra(entra) => entra.key_cache_of(claims),
            Self::Oidc(oidc) => Some(oidc.key_cache()),
        }
    }

    /// A number that is raised whenever keys of any source change.
    pub(crate) fn key_epoch(&self) -> u64 {
        match self {
            Self::Entra(entra) => entra.key_epoch(),
            Self::Oidc(oidc) => oidc.key_cache().epoch(),
        }
    }

    /// The keys of each source: several for Entra, one for another provider.
    pub(crate) fn key_caches(&self) -> Vec<&KeyCache> {
        match self {
            Self::Entra(entra) => entra.key_caches(),
            Self::Oidc(oidc) => vec![oidc.key_cache()],
        }
    }
}

impl Origin<'_> {
    pub(crate) fn caller(&self, claims: &Claims, audiences: &Audiences) -> Result<Caller, Refusal> {
        match self {
            Self::Entra(origin) => origin.caller(claims, audiences),
            Self::Oidc(origin) => origin.caller(claims, audiences),
        }
    }

    pub(crate) fn key(&self, kid: &str) -> Result<&VerificationKey, Refusal> {
        match self {
            Self::Entra(origin) => origin.key(kid),
            Self::Oidc(origin) => origin.key(kid),
        }
    }
}
