use std::collections::HashSet;

use portcullis_token::{Verified, normalize_guid};

use crate::decision::{DenialReason, PolicyDenied};
use crate::spec::DenyListSpec;

/// Callers, applications, sessions and tokens that are denied.
///
/// All `DenyList` documents together make one list, which overrides every policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DenyList {
    callers: HashSet<String>,
    applications: HashSet<String>,
    sessions: HashSet<String>,
    tokens: HashSet<String>,
}

impl DenyList {
    /// Adds the entries of a document.
    ///
    /// Each is added as it is, for providers that compare exactly, and a GUID also in Entra's
    /// spelling. Ids of tokens are case-sensitive everywhere (`uti` is base64url).
    pub(crate) fn add(&mut self, spec: &DenyListSpec) {
        let spellings = |id: &String| std::iter::once(id.clone()).chain(normalize_guid(id));
        self.callers.extend(spec.callers.iter().flat_map(spellings));
        self.applications
            .extend(spec.applications.iter().flat_map(spellings));
        self.sessions
            .extend(spec.sessions.iter().flat_map(spellings));
        self.tokens.extend(spec.tokens.iter().cloned());
    }

    /// The denial of `verified`, if it is on the list.
    pub(crate) fn denial(
        &self,
        Verified { caller, claims, .. }: &Verified,
    ) -> Option<PolicyDenied> {
        let listed =
            |ids: &HashSet<String>, claim| ids.contains(claims.get(claim)?.as_str()?).then_some(());
        let blocked = |what: &str| {
            PolicyDenied::new(
                DenialReason::CallerBlocked,
                format!("{what} is blocked here"),
            )
        };
        let revoked = |what: &str| {
            PolicyDenied::new(
                DenialReason::TokenRevoked,
                format!("{what} is revoked; sign in again"),
            )
        };
        if self.callers.contains(&caller.object_id) {
            return Some(blocked("the caller"));
        }
        if caller
            .actor
            .as_ref()
            .is_some_and(|actor| self.applications.contains(actor))
        {
            return Some(blocked("the client application"));
        }
        if listed(&self.sessions, "sid").is_some() {
            return Some(revoked("the sign-in session"));
        }
        // RFC 7519 §4.1.7 has `jti`; Entra has `uti` instead.
        ["jti", "uti"]
            .into_iter()
            .find_map(|claim| listed(&self.tokens, claim))
            .map(|()| revoked("the token"))
    }
}
