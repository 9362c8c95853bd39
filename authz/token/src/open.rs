use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::compact::CompactJws;
use crate::header::Header;
use crate::jwk::VerificationKey;
use crate::key_set::KeySet;
use crate::refusal::{Reason, Refusal};

/// Opens a JWS whose claims follow rules of their own: header, key and signature are checked, the claims are only parsed.
pub fn open(token: &str, keys: &KeySet, allowed: &[Algorithm]) -> Result<Claims, Refusal> {
    let unopened = Unopened::parse(token, allowed)?;
    let unknown = || Refusal::new(Reason::KeyUnknown, "it is signed with a key that is not published");
    let key = keys.get(unopened.key_id()).ok_or_else(unknown)?;
    unopened.check_signature(key)?;
    Ok(unopened.into_claims())
}

/// The key that a well-formed JWS says it is signed with.
#[must_use]
pub fn key_id_of(token: &str, allowed: &[Algorithm]) -> Option<String> {
    Unopened::parse(token, allowed).ok().map(|unopened| unopened.header.key_id)
}

/// A JWS that is well-formed and not yet verified.
#[derive(Debug)]
pub(crate) struct Unopened<'a> {
    jws: CompactJws<'a>,
    header: Header,
    claims: Claims,
}

impl<'a> Unopened<'a> {
    pub(crate) fn parse(token: &'a str, allowed: &[Algorithm]) -> Result<Self, Refusal> {
        let jws = CompactJws::parse(token)?;
        let header = Header::parse(&jws.header, allowed)?;
        let claims = Claims::parse(&jws.payload)?;
        Ok(Self { jws, header, claims })
    }

    /// What the sender says. Good for choosing a key and for refusing; nothing may be granted by it.
    pub(crate) fn unverified_claims(&self) -> &Claims {
        &self.claims
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.header.key_id
    }

    pub(crate) fn check_signature(&self, key: &VerificationKey) -> Result<(), Refusal> {
        if key.verifies(self.header.algorithm, self.jws.signed.as_bytes(), &self.jws.signature) {
            Ok(())
        } else {
            Err(Refusal::new(Reason::SignatureInvalid, "the signature is not that of the key it names"))
        }
    }

    pub(crate) fn into_claims(self) -> Claims {
        self.claims
    }
}
