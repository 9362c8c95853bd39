use std::sync::Arc;

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::compact::CompactJws;
use crate::header::Header;
use crate::header_memo::HeaderMemo;
use crate::jwk::VerificationKey;
use crate::key_set::KeySet;
use crate::refusal::{Reason, Refusal};
use crate::unverified::UnverifiedJws;

/// Opens a JWS whose claims follow rules of their own: header, key and signature are checked, the
/// claims are only parsed.
pub fn open(token: &str, keys: &KeySet, allowed: &[Algorithm]) -> Result<Claims, Refusal> {
    UnverifiedJws::parse(token, allowed)?.signed_by(keys)
}

/// The key that a well-formed JWS says it is signed with.
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
    pub(crate) fn parse(token: &'a str, allowed: &[Algorithm]) -> Result<Self, Refusal> {
        Self::parse_with(token, allowed, &HeaderMemo::default())
    }

    /// The same, faster where the header is that of the last good token.
    pub(crate) fn parse_with(
        token: &'a str,
        allowed: &[Algorithm],
        memo: &HeaderMemo,
    ) -> Result<Self, Refusal> {
        let jws = CompactJws::parse(token)?;
        let header = memo.read(&jws, allowed)?;
        let claims = Claims::parse(&jws.payload)?;
        Ok(Self {
            jws,
            header,
            claims,
        })
    }

    /// Notes the header in `memo`, once the signature has been checked.
    pub(crate) fn remember_header(&self, memo: &HeaderMemo) {
        memo.remember(self.jws.encoded_header(), &self.header);
    }

    /// What the sender says. Good for choosing a key and for refusing; nothing may be granted by
    /// it.
    pub(crate) fn unverified_claims(&self) -> &Claims {
        &self.claims
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.header.key_id
    }

    pub(crate) fn check_signature(&self, key: &VerificationKey) -> Result<(), Refusal> {
        if key.verifies(
            self.header.algorithm,
            self.jws.signed.as_bytes(),
            &self.jws.signature,
        ) {
            Ok(())
        } else {
            Err(Refusal::new(
                Reason::SignatureInvalid,
                "the signature is not that of the key it names",
            ))
        }
    }

    pub(crate) fn into_claims(self) -> Claims {
        self.claims
    }
}
