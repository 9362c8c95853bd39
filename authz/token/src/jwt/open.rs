use std::sync::Arc;

use super::unverified::UnverifiedJws;
use crate::claims::Claims;
use crate::jws::{Algorithm, CompactJws, Header, HeaderMemo};
use crate::keys::{KeySet, VerificationKey};
use crate::token_denied::{Reason, TokenDenied};

/// Verifies a JWS and parses its claims. The header, the key and the signature are checked; the
/// claims are not.
pub fn open(token: &str, keys: &KeySet, allowed: &[Algorithm]) -> Result<Claims, TokenDenied> {
    UnverifiedJws::parse(token, allowed)?.signed_by(keys)
}

/// The key id that a well-formed JWS names; `None` if it is malformed.
#[must_use]
pub fn key_id_of(token: &str, allowed: &[Algorithm]) -> Option<String> {
    Unopened::parse(token, allowed)
        .ok()
        .map(|unopened| unopened.header.key_id.clone())
}

/// A JWS that is well-formed and not yet verified.
#[derive(Debug)]
pub(crate) struct Unopened<'a> {
    jws: CompactJws<'a>,
    header: Arc<Header>,
    claims: Claims,
}

impl<'a> Unopened<'a> {
    pub(crate) fn parse(token: &'a str, allowed: &[Algorithm]) -> Result<Self, TokenDenied> {
        Self::parse_with(token, allowed, &HeaderMemo::default())
    }

    /// Parses as [`Self::parse`], but faster if `memo` has the header.
    pub(crate) fn parse_with(
        token: &'a str,
        allowed: &[Algorithm],
        memo: &HeaderMemo,
    ) -> Result<Self, TokenDenied> {
        let jws = CompactJws::parse(token)?;
        let header = memo.read(&jws, allowed)?;
        let claims = Claims::parse(&jws.payload)?;
        Ok(Self {
            jws,
            header,
            claims,
        })
    }

    /// Stores the header in `memo`. The signature must have been checked.
    pub(crate) fn store_header(&self, memo: &HeaderMemo) {
        memo.store(self.jws.encoded_header(), &self.header);
    }

    /// The claims as the sender made them. They may choose a key or lead to a denial, but never
    /// admit.
    pub(crate) fn unverified_claims(&self) -> &Claims {
        &self.claims
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.header.key_id
    }

    pub(crate) fn check_signature(&self, key: &VerificationKey) -> Result<(), TokenDenied> {
        if key.verifies(
            self.header.algorithm,
            self.jws.signed.as_bytes(),
            &self.jws.signature,
        ) {
            Ok(())
        } else {
            Err(TokenDenied::new(
                Reason::SignatureInvalid,
                "the signature does not verify with the key that the token names",
            ))
        }
    }

    pub(crate) fn into_claims(self) -> Claims {
        self.claims
    }
}
