//! The `scope` parameter of the v2 endpoint, and the scopes that are granted for it.

use std::collections::BTreeSet;

use crate::directory::Application;
use crate::oauth_error::OAuthError;

const DEFAULT: &str = ".default";

/// OpenID Connect scopes, which request more than the access token.
const OPENID_CONNECT: [&str; 4] = ["openid", "profile", "email", OFFLINE_ACCESS];
/// The scope of refresh tokens, which a response never lists.
const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes that a client requests of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestedScopes<'a> {
    pub(super) resource: &'a str,
    pub(super) names: ScopeNames<'a>,
    /// The OpenID Connect scopes.
    pub(super) openid_connect: BTreeSet<&'a str>,
}

/// Scopes by name, or all consented ones (`.default`).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScopeNames<'a> {
    Default,
    Named(BTreeSet<&'a str>),
}

impl<'a> RequestedScopes<'a> {
    pub(super) fn parse(scope: &'a str) -> Result<Self, OAuthError> {
        let mut openid_connect = BTreeSet::new();
        let mut resource = None;
        let mut names = BTreeSet::new();
        for item in scope.split_whitespace() {
            if OPENID_CONNECT.contains(&item) {
                openid_connect.insert(item);
                continue;
            }
            let (of, name) = item
                .rsplit_once('/')
                .filter(|(of, name)| !of.is_empty() && !name.is_empty())
                .ok_or_else(|| {
                    OAuthError::InvalidScope(format!(
                        "'{item}' names no resource; scopes look like api://resource/Name"
                    ))
                })?;
            if resource.is_some_and(|other| other != of) {
                return Err(OAuthError::SeveralResources);
            }
            resource = Some(of);
            names.insert(name);
        }
        let resource = resource.ok_or_else(|| {
            OAuthError::InvalidScope(
                "it names no resource, and Microsoft Graph is not imitated".to_owned(),
            )
        })?;
        Ok(Self {
            resource,
            names: ScopeNames::new(names)?,
            openid_connect,
        })
    }

    pub(super) fn wants_id_token(&self) -> bool {
        self.openid_connect.contains("openid")
    }

    /// The `scope` of a response that grants the scopes `granted`. It has the requested spelling,
    /// because MSAL finds its cache entries by it. It repeats `.default`, because MSAL for Go takes
    /// a missing scope as declined.
    pub(super) fn granted(&self, granted: &[&str]) -> String {
        let default = (self.names == ScopeNames::Default).then_some(&DEFAULT);
        let of_resource = granted
            .iter()
            .chain(default)
            .map(|name| format!("{}/{name}", self.resource));
        let openid_connect = self
            .openid_connect
            .iter()
            .filter(|scope| **scope != OFFLINE_ACCESS)
            .map(ToString::to_string);
        of_resource
            .chain(openid_connect)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl<'a> ScopeNames<'a> {
    fn new(names: BTreeSet<&'a str>) -> Result<Self, OAuthError> {
        match (names.contains(DEFAULT), names.len()) {
            (true, 1) => Ok(Self::Default),
            (true, _) => Err(OAuthError::InvalidScope(
                ".default cannot be combined with scopes of the same resource".to_owned(),
            )),
            (false, _) => Ok(Self::Named(names)),
        }
    }

    /// The scopes of a delegated token. They are all consented scopes, as in Entra, if the
    /// requested ones are among them.
    pub(super) fn consented<'d>(
        &self,
        client: &'d Application,
        resource: &'d Application,
    ) -> Result<Vec<&'d str>, OAuthError> {
        let granted: Vec<&str> = client.scopes_on(resource).collect();
        let no_consent = || OAuthError::NoConsent {
            client: client.client_id,
            resource: resource.identifier_uri.clone(),
        };
        if let Self::Named(names) = self {
            if let Some(unknown) = names.iter().find(|name| !resource.scopes.contains(**name)) {
                let text = format!(
                    "'{unknown}' is not a scope of '{}'",
                    resource.identifier_uri
                );
                return Err(OAuthError::InvalidScope(text));
            }
            if !names.iter().all(|name| granted.contains(name)) {
                return Err(no_consent());
            }
        }
        if granted.is_empty() {
            Err(no_consent())
        } else {
            Ok(granted)
        }
    }
}

/// The resource of a `{resource}/.default` scope, the only one that client credentials may have.
/// MSAL for Go and Java also send OpenID Connect scopes, which are ignored.
pub(super) fn default_of(scope: &str) -> Result<&str, OAuthError> {
    let mut items = scope
        .split_whitespace()
        .filter(|item| !OPENID_CONNECT.contains(item));
    let (Some(only), None) = (items.next(), items.next()) else {
        return Err(OAuthError::NotDefaultScope);
    };
    match only.rsplit_once('/') {
        Some((resource, DEFAULT)) if !resource.is_empty() => Ok(resource),
        _ => Err(OAuthError::NotDefaultScope),
    }
}

#[cfg(test)]
mod tests {
    use super::{RequestedScopes, ScopeNames, default_of};

    #[test]
    fn scopes_name_one_resource() {
        struct Case {
            name: &'static str,
            scope: &'static str,
            resource: &'static str,
            names: ScopeNames<'static>,
            openid_connect: &'static [&'static str],
        }

        let named = |names: &[&'static str]| ScopeNames::Named(names.iter().copied().collect());
        for Case {
            name,
            scope,
            resource,
            names,
            openid_connect,
        } in [
            Case {
                name: "one scope",
                scope: "api://a/Read",
                resource: "api://a",
                names: named(&["Read"]),
                openid_connect: &[],
            },
            Case {
                name: "two scopes among OpenID Connect's",
                scope: "openid api://a/Read  api://a/Write profile",
                resource: "api://a",
                names: named(&["Read", "Write"]),
                openid_connect: &["openid", "profile"],
            },
            Case {
                name: "default",
                scope: "offline_access https://a.example/.default",
                resource: "https://a.example",
                names: ScopeNames::Default,
                openid_connect: &["offline_access"],
            },
        ] {
            let parsed = RequestedScopes::parse(scope).unwrap();
            let openid_connect = openid_connect.iter().copied().collect();
            assert_eq!(
                parsed,
                RequestedScopes {
                    resource,
                    names,
                    openid_connect
                },
                "{name}: {scope}"
            );
        }
    }

    #[test]
    fn granted_scopes_have_the_requested_spelling() {
        struct Case {
            name: &'static str,
            scope: &'static str,
            expected: &'static str,
        }

        for Case {
            name,
            scope,
            expected,
        } in [
            Case {
                name: "one scope",
                scope: "api://a/Read",
                expected: "api://a/Read api://a/Write",
            },
            Case {
                name: "default",
                scope: "api://a/.default",
                expected: "api://a/Read api://a/Write api://a/.default",
            },
            Case {
                name: "OpenID Connect's too",
                scope: "openid offline_access api://a/Read profile email",
                expected: "api://a/Read api://a/Write email openid profile",
            },
        ] {
            assert_eq!(
                RequestedScopes::parse(scope)
                    .unwrap()
                    .granted(&["Read", "Write"]),
                expected,
                "{name}: {scope}"
            );
        }
    }

    #[test]
    fn scopes_reject_other_forms() {
        for scope in [
            "",
            "openid",
            "User.Read",
            "api://a/",
            "/Read",
            "api://a/Read api://b/Read",
            "api://a/.default api://a/Read",
        ] {
            assert!(RequestedScopes::parse(scope).is_err(), "{scope}");
        }
    }

    #[test]
    fn client_credentials_accept_exactly_one_default_scope() {
        for scope in [
            "api://a/.default",
            "api://a/.default openid offline_access profile",
            "openid profile offline_access api://a/.default",
        ] {
            assert_eq!(default_of(scope).unwrap(), "api://a", "{scope}");
        }
        for scope in [
            "api://a/Read",
            "api://a",
            ".default",
            "/.default",
            "api://a/.defaults",
            "openid",
            "api://a/.default api://b/.default",
            "api://a/.default api://a/Read",
        ] {
            assert!(default_of(scope).is_err(), "{scope}");
        }
    }
}
