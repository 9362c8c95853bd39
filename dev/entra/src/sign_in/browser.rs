//! A browser and the accounts that are signed in there.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authorization_request::AuthorizationRequest;
use crate::directory::{Directory, User};

/// Cookies with this prefix are bound to the host and to HTTPS (RFC 6265bis §4.1.3.2).
const COOKIE: &str = "__Host-dev-entra";
/// The most authentication contexts that one session remembers.
const MOST_CONTEXTS: usize = 64;
/// The most accounts of one browser.
const MOST_ACCOUNTS: usize = 32;

/// A browser. Its cookie is the handle of this value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Browser {
    accounts: Vec<Account>,
}

/// A user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) tenant: Uuid,
    pub(crate) user: Uuid,
    /// The id of the session, the claim `sid`.
    pub(crate) session: String,
    /// The authentication contexts that the user has met in this session.
    pub(crate) contexts: BTreeSet<String>,
}

impl Browser {
    pub(super) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The account of `session`.
    pub(super) fn account_mut(&mut self, session: &str) -> Option<&mut Account> {
        self.accounts
            .iter_mut()
            .find(|account| account.session == session)
    }

    /// Signs `user` in, and returns the id of the session. A user who is signed in keeps the
    /// session.
    pub(super) fn sign_in(&mut self, user: &User) -> String {
        if let Some(account) = self.accounts.iter().find(|account| account.is_of(user)) {
            return account.session.clone();
        }
        if self.accounts.len() >= MOST_ACCOUNTS {
            self.accounts.remove(0);
        }
        let session = Uuid::new_v4().to_string();
        self.accounts.push(Account {
            tenant: user.tenant,
            user: user.object_id,
            session: session.clone(),
            contexts: BTreeSet::new(),
        });
        session
    }

    /// Signs out the accounts for which `keep` is false.
    pub(crate) fn keep_accounts(&mut self, keep: impl FnMut(&Account) -> bool) {
        self.accounts.retain(keep);
    }

    /// Signs out the account of `session`, or all accounts.
    pub(super) fn sign_out(&mut self, session: Option<&str>) {
        match session {
            Some(session) => self.accounts.retain(|account| account.session != session),
            None => self.accounts.clear(),
        }
    }
}

impl Account {
    /// Records that the session meets `contexts`. When it remembers too many, it forgets the others.
    pub(super) fn meet(&mut self, contexts: BTreeSet<String>) {
        let fresh = contexts.difference(&self.contexts).count();
        if self.contexts.len() + fresh > MOST_CONTEXTS {
            self.contexts.clear();
        }
        self.contexts.extend(contexts);
    }

    pub(crate) fn is_of(&self, user: &User) -> bool {
        self.tenant == user.tenant && self.user == user.object_id
    }

    /// The user of this account, while the directory has one.
    pub(crate) fn of<'d>(&self, directory: &'d Directory) -> Option<&'d User> {
        directory.user(directory.tenant_by_id(self.tenant)?, self.user)
    }

    /// Whether the request is for this account, as far as it says.
    pub(super) fn suits(&self, user: &User, request: &AuthorizationRequest<'_>) -> bool {
        let is_hinted = request
            .login_hint
            .as_deref()
            .is_none_or(|hint| user.is_named(hint) || self.session == hint);
        let is_session = request
            .session
            .as_deref()
            .is_none_or(|session| self.session == session);
        is_hinted && is_session && request.realm.admits(user)
    }
}

/// The cookie of a request.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// `Set-Cookie` for a browser. `SameSite=None`, because single-page applications renew tokens in an
/// iframe of another site.
pub(super) fn set_cookie(handle: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!(
        "{COOKIE}={handle}; Path=/; Secure; HttpOnly; SameSite=None"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::cookie;

    #[test]
    fn cookie_is_found_among_others() {
        for (name, line, expected) in [
            ("alone", "__Host-dev-entra=a", Some("a")),
            ("among others", "x=1; __Host-dev-entra=b; y=2", Some("b")),
            ("other name", "dev-entra=a; X__Host-dev-entra=b", None),
            ("no value", "__Host-dev-entra", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            assert_eq!(cookie(&headers), expected, "{name}");
        }
    }
}
