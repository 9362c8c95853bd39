use std::borrow::Cow;

/// Why a token is refused: a stable code, and a sentence for the person who has to fix it.
///
/// The sentence never repeats what the token says beyond what its issuer publishes, so that it can
/// be sent and logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// What is wrong and what to do about it.
    pub detail: Cow<'static, str>,
}

impl Refusal {
    /// A refusal for `reason`, explained by `detail`.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// The `WWW-Authenticate` value of the 401. RFC 6750 §3: a request without a token is told the
    /// scheme and no error.
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

    /// Whether the token may be good and only we can't tell: the answer is then "try again", not
    /// "go away".
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.reason == Reason::KeysUnavailable
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal),+ $(,)?) => {
        /// The stable codes of refused tokens: they appear in answers, logs, metrics and tests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $variant),+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is written everywhere.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
    };
}

reasons! {
    /// No token came.
    TokenMissing = "token_missing",
    /// More than one `Authorization` line or value came: two parties could pick different ones.
    AuthorizationAmbiguous = "authorization_ambiguous",
    /// The `Authorization` line is not `Bearer` and one token.
    AuthorizationMalformed = "authorization_malformed",
    /// The token is longer than the cap.
    TokenTooLarge = "token_too_large",
    /// Not a compact JWS of three base64url parts with a JSON header and JSON claims.
    TokenMalformed = "token_malformed",
    /// `alg` is absent or not one that the issuer signs with; `none` and HMAC never are.
    AlgorithmNotAllowed = "algorithm_not_allowed",
    /// `crit` asks for an extension (RFC 7515 §4.1.11); none is understood.
    CriticalHeader = "critical_header",
    /// `typ` names something else than an access token.
    TokenTypeUnexpected = "token_type_unexpected",
    /// `kid` is absent or not a short text.
    KeyIdInvalid = "key_id_invalid",
    /// No published key of the issuer has this `kid`.
    KeyUnknown = "key_unknown",
    /// The keys of the issuer are not at hand: nobody can be verified, so nobody is let in.
    KeysUnavailable = "keys_unavailable",
    /// The signature is not the key's.
    SignatureInvalid = "signature_invalid",
    /// A claim is absent or of the wrong type.
    ClaimInvalid = "claim_invalid",
    /// `exp` has passed.
    TokenExpired = "token_expired",
    /// `nbf` has not come.
    TokenNotYetValid = "token_not_yet_valid",
    /// Valid for longer than the issuer's tokens ever are.
    TokenLifetimeTooLong = "token_lifetime_too_long",
    /// Issued by somebody else.
    IssuerNotAllowed = "issuer_not_allowed",
    /// Issued for a tenant that is not served.
    TenantNotAllowed = "tenant_not_allowed",
    /// Issued for another API.
    AudienceNotAllowed = "audience_not_allowed",
    /// `ver`, `iss`, `tid`, the actor and the kind contradict each other.
    TokenInconsistent = "token_inconsistent",
    /// An ID token: it tells a client who signed in, and opens no API.
    IdToken = "id_token",
    /// A token for Microsoft Graph, which only Graph can verify.
    GraphToken = "graph_token",
    /// Bound to a key of its sender (`cnf`), of which a bearer token carries no proof (RFC 8705 §3,
    /// RFC 9449 §7.2).
    SenderConstrained = "sender_constrained",
    /// Nothing in the token tells whether it speaks for a user or for an application.
    CallerKindUnknown = "caller_kind_unknown",
    /// A claim that the issuer's settings require is absent or has another value.
    RequiredClaimMissing = "required_claim_missing",
    /// The caller has so many roles that the issuer left them out.
    ClaimsOverage = "claims_overage",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reason;

    #[test]
    fn no_two_reasons_share_a_code() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
    }
}
