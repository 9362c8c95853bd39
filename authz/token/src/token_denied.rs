use portcullis_reason_codes::{
    ALGORITHM_NOT_ALLOWED, AUDIENCE_NOT_ALLOWED, AUTHORIZATION_AMBIGUOUS, AUTHORIZATION_MALFORMED,
    CALLER_KIND_UNKNOWN, CLAIM_INVALID, CLAIMS_OVERAGE, CRITICAL_HEADER, GRAPH_TOKEN, ID_TOKEN,
    ISSUER_NOT_ALLOWED, KEY_ID_INVALID, KEY_UNKNOWN, KEYS_UNAVAILABLE, REQUIRED_CLAIM_MISSING,
    ReasonCode, SENDER_CONSTRAINED, SIGNATURE_INVALID, TENANT_NOT_ALLOWED, TOKEN_EXPIRED,
    TOKEN_INCONSISTENT, TOKEN_LIFETIME_TOO_LONG, TOKEN_MALFORMED, TOKEN_MISSING,
    TOKEN_NOT_YET_VALID, TOKEN_TOO_LARGE, TOKEN_TYPE_UNEXPECTED,
};

use std::borrow::Cow;

/// Why a token is denied: a reason code, and a sentence for the person who has to fix it.
///
/// The sentence repeats nothing of the token beyond what its issuer publishes, so that it can be
/// sent and logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct TokenDenied {
    /// The reason code.
    pub reason: Reason,
    /// The error and its remedy.
    pub detail: Cow<'static, str>,
}

impl TokenDenied {
    /// A denial for `reason`, explained by `detail`.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// The value of `WWW-Authenticate` for the 401. If the request has no token, it names the
    /// scheme and no error (RFC 6750 §3).
    #[must_use]
    pub fn challenge(&self) -> String {
        match self.reason {
            Reason::TokenMissing => "Bearer".to_owned(),
            reason => format!(
                "Bearer error=\"invalid_token\", error_description=\"{}\"",
                reason.code()
            ),
        }
    }

    /// Whether this is a fault: the token may be valid, but its keys are unavailable. The answer is
    /// then 503, not 401.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.reason == Reason::KeysUnavailable
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:path),+ $(,)?) => {
        /// The reasons why tokens are denied. Their codes appear in answers, logs, metrics and
        /// tests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $variant),+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The reason code.
            #[must_use]
            pub fn reason_code(self) -> ReasonCode {
                match self { $(Self::$variant => $code),+ }
            }

            /// The reason code.
            #[must_use]
            pub fn code(self) -> &'static str {
                self.reason_code().as_str()
            }
        }
    };
}

reasons! {
    /// The request has no token.
    TokenMissing = TOKEN_MISSING,
    /// The request has more than one `Authorization` line or value, and two parsers could pick
    /// different ones.
    AuthorizationAmbiguous = AUTHORIZATION_AMBIGUOUS,
    /// The `Authorization` line is not `Bearer` and one token.
    AuthorizationMalformed = AUTHORIZATION_MALFORMED,
    /// The token is longer than [`MAX_TOKEN_LENGTH`](crate::MAX_TOKEN_LENGTH).
    TokenTooLarge = TOKEN_TOO_LARGE,
    /// Not a compact JWS of three base64url parts with a JSON header and JSON claims.
    TokenMalformed = TOKEN_MALFORMED,
    /// `alg` is absent or not one that the issuer signs with; `none` and HMAC never are.
    AlgorithmNotAllowed = ALGORITHM_NOT_ALLOWED,
    /// `crit` requires an extension (RFC 7515 §4.1.11), and none is supported.
    CriticalHeader = CRITICAL_HEADER,
    /// `typ` names another kind of token.
    TokenTypeUnexpected = TOKEN_TYPE_UNEXPECTED,
    /// `kid` is absent or not a short string.
    KeyIdInvalid = KEY_ID_INVALID,
    /// No published key of the issuer has this `kid`.
    KeyUnknown = KEY_UNKNOWN,
    /// The issuer's keys are unavailable, so the token cannot be verified.
    KeysUnavailable = KEYS_UNAVAILABLE,
    /// The signature does not verify with the key.
    SignatureInvalid = SIGNATURE_INVALID,
    /// A claim is absent or of the wrong type.
    ClaimInvalid = CLAIM_INVALID,
    /// `exp` has passed.
    TokenExpired = TOKEN_EXPIRED,
    /// `nbf` or `iat` is in the future.
    TokenNotYetValid = TOKEN_NOT_YET_VALID,
    /// The token is valid for longer than the issuer's tokens ever are.
    TokenLifetimeTooLong = TOKEN_LIFETIME_TOO_LONG,
    /// The token was issued by another issuer.
    IssuerNotAllowed = ISSUER_NOT_ALLOWED,
    /// The token was issued for a tenant that is not served.
    TenantNotAllowed = TENANT_NOT_ALLOWED,
    /// The token was issued for another API.
    AudienceNotAllowed = AUDIENCE_NOT_ALLOWED,
    /// `ver`, `iss`, `tid`, the actor and the kind contradict each other.
    TokenInconsistent = TOKEN_INCONSISTENT,
    /// An ID token, which tells a client who signed in and is for no API.
    IdToken = ID_TOKEN,
    /// A token for Microsoft Graph, which only Graph can verify.
    GraphToken = GRAPH_TOKEN,
    /// The token is bound to a key of its sender (`cnf`), and a bearer token carries no proof of
    /// that key (RFC 8705 §3, RFC 9449 §7.2).
    SenderConstrained = SENDER_CONSTRAINED,
    /// Nothing in the token tells whether it speaks for a user or for an application.
    CallerKindUnknown = CALLER_KIND_UNKNOWN,
    /// A claim that the issuer's settings require is absent or has another value.
    RequiredClaimMissing = REQUIRED_CLAIM_MISSING,
    /// The caller has so many roles that the issuer left them out.
    ClaimsOverage = CLAIMS_OVERAGE,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reason;

    #[test]
    fn reason_codes_are_distinct() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
    }
}
