//! The `scope` parameter of the v2 endpoint, and the scopes that are granted for it.

use std::collections::BTreeSet;

use crate::directory::{Application, GRAPH_URI, is_sign_in_scope};
use crate::oauth_error::OAuthError;

const DEFAULT: &str = ".default";

/// Maximum bytes of the parameter, because codes and refresh tokens keep it.
const MOST_BYTES: usize = 4096;

/// OpenID Connect scopes, which request more than the access token.
const OPENID_CONNECT: [&str; 4] = ["openid", "profile", "email", OFFLINE_ACCESS];
/// The scope of refresh tokens, which a response never lists.
const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes that a client requests of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RequestedScopes<'a> {
    pub(crate) resource: &'a str,
    pub(crate) names: ScopeNames<'a>,
    /// The OpenID Connect scopes.
    pub(crate) openid_connect: BTreeSet<&'a str>,
}

/// Scopes by name, or all consented ones (`.default`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ScopeNames<'a> {
    Default,
    Named(BTreeSet<&'a str>),
}

impl<'a> RequestedScopes<'a> {
    /// Parses the parameter. Scopes without a resource are those of Microsoft Graph.
    pub(crate) fn parse(scope: &'a str) -> Result<Self, OAuthError> {
        if scope.len() > MOST_BYTES {
            return Err(OAuthError::InvalidScope(format!(
                "it has more than {MOST_BYTES} bytes"
            )));
        }
        let mut openid_connect = BTreeSet::new();
        let mut resource = None;
        let mut names = BTreeSet::new();
        for item in scope.split_whitespace() {
            if OPENID_CONNECT.contains(&item) {
                openid_connect.insert(item);
                continue;
            }
            let (of, name) = match item.rsplit_once('/') {
                None => (GRAPH_URI, item),
                Some((of, name)) if !of.is_empty() && !name.is_empty() => (of, name),
                Some(_) => {
                    return Err(OAuthError::InvalidScope(format!(
                        "'{item}' names no scope of a resource; scopes look like \
                         api://resource/Name"
                    )));
                }
            };
            if resource.is_some_and(|other| other != of) {
                return Err(OAuthError::SeveralResources);
            }
            resource = Some(of);
            names.insert(name);
        }
        if names.is_empty() && openid_connect.is_empty() {
            return Err(OAuthError::InvalidScope("it is empty".to_owned()));
        }
        Ok(Self {
            resource: resource.unwrap_or(GRAPH_URI),
            names: ScopeNames::new(names)?,
            openid_connect,
        })
    }

    /// Whether the client requests a refresh token.
    pub(crate) fn wants_refresh_token(&self) -> bool {
        self.openid_connect.contains(OFFLINE_ACCESS)
    }

    pub(crate) fn wants_id_token(&self) -> bool {
        self.openid_connect.contains("openid")
    }

    /// The `scope` of a response that grants the scopes `granted`. It has the requested spelling,
    /// because MSAL finds its cache entries by it. It repeats `.default`, because MSAL for Go takes
    /// a missing scope as declined.
    pub(crate) fn granted(&self, granted: &[&str]) -> String {
        let default = (self.names == ScopeNames::Default).then_some(&DEFAULT);
        let of_resource = granted
            .iter()
            .chain(default)
            .filter(|name| !OPENID_CONNECT.contains(name))
            .map(|name| self.spelled(name));
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

impl RequestedScopes<'_> {
    /// The name of a scope in responses. Those of Microsoft Graph have no resource.
    fn spelled(&self, name: &str) -> String {
        if self.resource == GRAPH_URI {
            name.to_owned()
        } else {
            format!("{}/{name}", self.resource)
        }
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

    /// The scopes of a delegated token: all that are consented to, as in Entra, if the requested
    /// ones are among them. `by_user` are those that the user consented to.
    pub(crate) fn consented<'d>(
        &self,
        client: &Application,
        resource: &'d Application,
        by_user: &BTreeSet<String>,
    ) -> Result<Vec<&'d str>, OAuthError> {
        let missing = self.without_consent(client, resource, by_user)?;
        let granted = granted(client, resource, by_user);
        if missing.is_empty() && !granted.is_empty() {
            Ok(granted)
        } else {
            Err(OAuthError::NoConsent {
                client: client.client_id,
                resource: resource.identifier_uri.clone(),
            })
        }
    }

    /// The requested scopes without consent or pre-authorization. Fails on a scope that `resource` lacks.
    ///
    /// `.default` asks for consent only if there is none at all, and then for what the registration
    /// of the client lists.
    pub(crate) fn without_consent<'d>(
        &'d self,
        client: &'d Application,
        resource: &Application,
        by_user: &BTreeSet<String>,
    ) -> Result<Vec<&'d str>, OAuthError> {
        let granted = granted(client, resource, by_user);
        let names = match self {
            Self::Default if !granted.is_empty() => return Ok(Vec::new()),
            Self::Default if !client.may_ask(resource) => {
                return Err(OAuthError::ResourceNotRequired {
                    client: client.client_id,
                    resource: resource.identifier_uri.clone(),
                });
            }
            Self::Default => client.required_on(resource).collect(),
            Self::Named(names) => names.clone(),
        };
        if let Some(unknown) = names.iter().find(|name| !resource.scopes.contains(**name)) {
            return Err(OAuthError::InvalidScope(format!(
                "'{unknown}' is not a scope of '{}'",
                resource.identifier_uri
            )));
        }
        Ok(names
            .into_iter()
            .filter(|name| !granted.contains(name))
            .collect())
    }
}

/// The scopes of `resource` that `client` may use for a user who consented to `by_user`.
pub(crate) fn granted<'d>(
    client: &Application,
    resource: &'d Application,
    by_user: &BTreeSet<String>,
) -> Vec<&'d str> {
    let consented: BTreeSet<&str> = client.scopes_on(resource).collect();
    let is_graph = resource.identifier_uri == GRAPH_URI;
    resource
        .scopes
        .iter()
        .filter(|scope| {
            consented.contains(scope.as_str())
                || by_user.contains(*scope)
                || is_graph && is_sign_in_scope(scope)
        })
        .map(String::as_str)
        .collect()
}

/// The resource of a `{resource}/.default` scope, the only one that client credentials may have.
/// MSAL for Go and Java also send OpenID Connect scopes, which are ignored.
pub(crate) fn default_of(scope: &str) -> Result<&str, OAuthError> {
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
            Case {
                name: "scope of Microsoft Graph",
                scope: "openid User.Read",
                resource: "https://graph.microsoft.com",
                names: named(&["User.Read"]),
                openid_connect: &["openid"],
            },
            Case {
                name: "sign-in alone",
                scope: "openid",
                resource: "https://graph.microsoft.com",
                names: named(&[]),
                openid_connect: &["openid"],
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
