//! The `scope` parameter of the v2 endpoint, and what consent makes of it.

use std::collections::BTreeSet;

use crate::directory::Application;
use crate::refusal::Refusal;

const DEFAULT: &str = ".default";

/// OpenID Connect scopes: they ask for things beside the access token.
const OPENID_CONNECT: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What a client asks for, on one resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestedScopes<'a> {
    pub(super) resource: &'a str,
    pub(super) names: ScopeNames<'a>,
    pub(super) openid: bool,
}

/// Scopes by name, or all that were consented to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScopeNames<'a> {
    Default,
    Named(BTreeSet<&'a str>),
}

impl<'a> RequestedScopes<'a> {
    pub(super) fn parse(scope: &'a str) -> Result<Self, Refusal> {
        let (mut openid, mut resource, mut names) = (false, None, BTreeSet::new());
        for item in scope.split_whitespace() {
            if OPENID_CONNECT.contains(&item) {
                openid |= item == "openid";
                continue;
            }
            let (of, name) =
                item.rsplit_once('/').filter(|(of, name)| !of.is_empty() && !name.is_empty()).ok_or_else(|| {
                    Refusal::InvalidScope(format!("'{item}' names no resource; scopes look like api://resource/Name"))
                })?;
            if resource.is_some_and(|other| other != of) {
                return Err(Refusal::SeveralResources);
            }
            resource = Some(of);
            names.insert(name);
        }
        let resource = resource.ok_or_else(|| {
            Refusal::InvalidScope("it names no resource, and Microsoft Graph is not imitated".to_owned())
        })?;
        Ok(Self { resource, names: ScopeNames::new(names)?, openid })
    }
}

impl<'a> ScopeNames<'a> {
    fn new(names: BTreeSet<&'a str>) -> Result<Self, Refusal> {
        match (names.contains(DEFAULT), names.len()) {
            (true, 1) => Ok(Self::Default),
            (true, _) => {
                Err(Refusal::InvalidScope(".default cannot be combined with scopes of the same resource".to_owned()))
            }
            (false, _) => Ok(Self::Named(names)),
        }
    }

    /// The scopes of a delegated token. Entra puts all that were consented to into it, once what was asked for is among them.
    pub(super) fn consented<'d>(
        &self,
        client: &'d Application,
        resource: &'d Application,
    ) -> Result<Vec<&'d str>, Refusal> {
        let granted: Vec<&str> = client.scopes_on(resource).collect();
        let refused = || Refusal::NoConsent { client: client.client_id, resource: resource.identifier_uri.clone() };
        if let Self::Named(names) = self {
            if let Some(unknown) = names.iter().find(|name| !resource.scopes.contains(**name)) {
                let text = format!("'{unknown}' is not a scope of '{}'", resource.identifier_uri);
                return Err(Refusal::InvalidScope(text));
            }
            if !names.iter().all(|name| granted.contains(name)) {
                return Err(refused());
            }
        }
        if granted.is_empty() { Err(refused()) } else { Ok(granted) }
    }
}

/// The resource of a `{resource}/.default` scope, which is all that client credentials may ask for.
pub(super) fn default_of(scope: &str) -> Result<&str, Refusal> {
    let mut items = scope.split_whitespace();
    let (Some(only), None) = (items.next(), items.next()) else { return Err(Refusal::NotDefaultScope) };
    match only.rsplit_once('/') {
        Some((resource, DEFAULT)) if !resource.is_empty() => Ok(resource),
        _ => Err(Refusal::NotDefaultScope),
    }
}

#[cfg(test)]
mod tests {
    use super::{RequestedScopes, ScopeNames, default_of};

    #[test]
    fn scopes_name_one_resource() {
        let named = |names: &[&'static str]| ScopeNames::Named(names.iter().copied().collect());
        for (scope, resource, names, openid) in [
            ("api://a/Read", "api://a", named(&["Read"]), false),
            ("openid api://a/Read  api://a/Write profile", "api://a", named(&["Read", "Write"]), true),
            ("offline_access https://a.example/.default", "https://a.example", ScopeNames::Default, false),
        ] {
            let parsed = RequestedScopes::parse(scope).unwrap();
            assert_eq!(parsed, RequestedScopes { resource, names, openid }, "{scope}");
        }
    }

    #[test]
    fn other_scopes_are_refused() {
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
    fn client_credentials_ask_for_one_default() {
        assert_eq!(default_of("api://a/.default").unwrap(), "api://a");
        for scope in
            ["api://a/Read", "api://a", ".default", "/.default", "api://a/.default openid", "api://a/.defaults"]
        {
            assert!(default_of(scope).is_err(), "{scope}");
        }
    }
}
