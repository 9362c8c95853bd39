use crate::claims::Claims;
use crate::jws::{Algorithm, CompactJws, algorithm_not_allowed, read_header};
use crate::keys::KeySet;
use crate::token_denied::{Reason, TokenDenied};

/// The registered name of HMAC with SHA-256 (RFC 7518 §3.2).
const HS256: &str = "HS256";

/// A JWS whose form was checked and whose signature was not.
///
/// Only a key of its algorithm's kind reveals its claims, so that a public key is never the secret
/// of a MAC (CVE-2015-9235, RFC 8725 §3.1).
#[derive(Debug)]
pub struct UnverifiedJws<'a> {
    jws: CompactJws<'a>,
    algorithm: JwsAlgorithm,
    key_id: String,
    allowed: &'a [Algorithm],
}

/// The algorithm that a JWS names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// A signature, which a public key verifies.
    Signature(Algorithm),
    /// HMAC with SHA-256, for keys that two parties share. No issuer of access tokens may use it.
    Hs256,
}

impl<'a> UnverifiedJws<'a> {
    /// Parses a JWS that names one of `allowed` or HS256.
    pub fn parse(token: &'a str, allowed: &'a [Algorithm]) -> Result<Self, TokenDenied> {
        let jws = CompactJws::parse(token)?;
        let accept = |name: &str| match Algorithm::from_name(name) {
            Some(algorithm) => allowed
                .contains(&algorithm)
                .then_some(JwsAlgorithm::Signature(algorithm)),
            None => (name == HS256).then_some(JwsAlgorithm::Hs256),
        };
        let (algorithm, key_id) =
            read_header(&jws.header()?, accept, || algorithm_not_allowed(allowed))?;
        Ok(Self {
            jws,
            algorithm,
            key_id,
            allowed,
        })
    }

    /// The algorithm that the sender names. It chooses the kind of key, and each kind checks it
    /// again.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// The key id that the sender names.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The claims, if the key of `keys` that the header names signed them.
    pub fn signed_by(self, keys: &KeySet) -> Result<Claims, TokenDenied> {
        let JwsAlgorithm::Signature(algorithm) = self.algorithm else {
            return Err(algorithm_not_allowed(self.allowed));
        };
        let key = keys.get(&self.key_id);
        self.claims_if(
            key.map(|key| key.verifies(algorithm, self.jws.signed.as_bytes(), &self.jws.signature)),
        )
    }

    /// The claims, if `verifies` accepts key id, message and tag.
    ///
    /// `verifies` compares the HMAC in constant time; it returns `None` if there is no such key.
    pub fn authenticated_by(
        self,
        verifies: impl FnOnce(&str, &[u8], &[u8]) -> Option<bool>,
    ) -> Result<Claims, TokenDenied> {
        if self.algorithm != JwsAlgorithm::Hs256 {
            return Err(TokenDenied::new(
                Reason::AlgorithmNotAllowed,
                "it is not protected with HS256",
            ));
        }
        self.claims_if(verifies(
            &self.key_id,
            self.jws.signed.as_bytes(),
            &self.jws.signature,
        ))
    }

    /// The claims, if they are `verified`; `None` if the key that the header names is unknown.
    fn claims_if(&self, verified: Option<bool>) -> Result<Claims, TokenDenied> {
        match verified {
            Some(true) => Claims::parse(&self.jws.payload),
            Some(false) => Err(TokenDenied::new(
                Reason::SignatureInvalid,
                "the signature does not verify with the key that the token names",
            )),
            None => Err(TokenDenied::new(
                Reason::KeyUnknown,
                "it names a key that this verifier does not have",
            )),
        }
    }
}
