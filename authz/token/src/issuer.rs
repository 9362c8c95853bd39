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

    pub(crate) fn origin_of<'a>(&'a self, claims: &'a Claims) -> Result<Origin<'a>, Refusal> {
        match self {
            Self::Entra(entra) => entra.origin_of(claims).map(Origin::Entra),
            Self::Oidc(oidc) => oidc.origin_of(claims).map(Origin::Oidc),
        }
    }

    pub(crate) async fn refresh(&self, claims: &Claims, key_id: &str) -> bool {
        match self {
            Self::Entra(entra) => entra.refresh(claims, key_id).await,
            Self::Oidc(oidc) => oidc.refresh(key_id).await,
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
