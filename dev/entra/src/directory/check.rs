//! Checks the directory file: every contradiction with its place and remedy.

use std::collections::{BTreeMap, BTreeSet};

use super::FederatedCredential;
use super::document::{ApplicationEntry, Document, GrantEntry, MemberType, UserEntry};
use super::graph;
use super::redirect_uri::problem_of;

/// Returns every contradiction in the document.
pub(super) fn contradictions(document: &Document) -> Vec<String> {
    let mut check = Check::new(document);
    check.identifiers_are_unique();
    for (key, application) in &document.applications {
        check.application(key, application);
    }
    for user in &document.users {
        check.user(user);
    }
    check.found
}

struct Check<'a> {
    document: &'a Document,
    found: Vec<String>,
}

impl<'a> Check<'a> {
    fn new(document: &'a Document) -> Self {
        Self {
            document,
            found: Vec::new(),
        }
    }

    fn unless(&mut self, holds: bool, error: impl FnOnce() -> String) {
        if !holds {
            self.found.push(error());
        }
    }

    fn identifiers_are_unique(&mut self) {
        let Document {
            tenants,
            users,
            applications,
        } = self.document;
        self.unless(!tenants.is_empty(), || {
            "tenants: is empty; add at least one tenant".to_owned()
        });
        self.unique(
            "id",
            tenants
                .iter()
                .map(|(key, tenant)| (format!("tenants.{key}"), tenant.id.to_string())),
        );
        let clients = applications
            .iter()
            .map(|(key, entry)| (format!("applications.{key}"), entry.client_id.to_string()));
        self.unique("clientId", clients);
        let uris = applications
            .iter()
            .map(|(key, entry)| (format!("applications.{key}"), entry.identifier_uri()));
        self.unique("identifierUri", uris);
        self.unique(
            "username",
            users
                .iter()
                .map(|user| (user_place(user), user.username.to_lowercase())),
        );
        let people = users
            .iter()
            .map(|user| (user_place(user), user.oid.to_string()));
        let principals = applications.iter().map(|(key, entry)| {
            (
                format!("applications.{key}"),
                entry.service_principal.to_string(),
            )
        });
        self.unique(
            "object id (oid, servicePrincipal)",
            people.chain(principals),
        );
    }

    fn unique(&mut self, field: &str, values: impl Iterator<Item = (String, String)>) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (place, value) in values {
            if let Some(first) = seen.get(&value.to_lowercase()) {
                self.found.push(format!(
                    "{place}: {field} {value} is that of {first} too; give each its own"
                ));
            } else {
                seen.insert(value.to_lowercase(), place);
            }
        }
    }

    fn application(&mut self, key: &str, entry: &ApplicationEntry) {
        let place = format!("applications.{key}");
        self.unless(key != graph::KEY, || {
            format!("{place}: is the key of Microsoft Graph; choose another")
        });
        self.tenant(&place, &entry.tenant);
        let credentials =
            entry.secrets.len() + entry.certificates.len() + entry.federated_credentials.len();
        self.unless(!entry.public_client || credentials == 0, || {
            format!(
                "{place}: is a publicClient with secrets or other credentials, which cannot be; \
                 remove one of them"
            )
        });
        self.federated_credentials(&place, &entry.federated_credentials);
        self.unless(!entry.secrets.iter().any(super::Secret::is_empty), || {
            format!("{place}.secrets: holds an empty secret; remove it or write one")
        });
        let uri = entry.identifier_uri();
        let takes_scopes =
            !uri.is_empty() && !uri.contains(char::is_whitespace) && !uri.ends_with('/');
        self.unless(takes_scopes, || {
            format!(
                "{place}.identifierUri: is not a URI that scopes can follow; \
                 write one such as api://{key}"
            )
        });
        self.redirect_uris(&place, entry);
        for (client, scopes) in &entry.pre_authorized {
            let place = format!("{place}.preAuthorized.{client}");
            self.application_named(&place, client);
            for scope in scopes.difference(&entry.scopes) {
                self.found.push(format!(
                    "{place}: {key} has no scope {scope}; it has {:?}",
                    entry.scopes
                ));
            }
        }
        let names = entry.scopes.iter().chain(&entry.admin_scopes);
        for name in names.chain(entry.roles.keys()) {
            self.unless(is_permission_name(name), || {
                format!(
                    "{place}: '{name}' cannot name a scope or role; \
                     use letters without spaces or '/', and not .default"
                )
            });
        }
        for (role, members) in &entry.roles {
            self.unless(!members.is_empty(), || {
                format!(
                    "{place}.roles.{role}: allows no members; write [users], [applications] or both"
                )
            });
        }
        for (resource, grant) in &entry.grants {
            self.grant(&format!("{place}.grants.{resource}"), resource, grant);
        }
    }

    fn redirect_uris(&mut self, place: &str, entry: &ApplicationEntry) {
        for (_, uri) in entry.redirect_uris.iter() {
            if let Some(problem) = problem_of(uri) {
                self.found
                    .push(format!("{place}.redirectUris: {uri} {problem}"));
            }
        }
        if let Some(uri) = &entry.front_channel_logout_uri
            && let Some(problem) = problem_of(uri)
        {
            self.found
                .push(format!("{place}.frontChannelLogoutUri: {uri} {problem}"));
        }
    }

    /// Checks Entra's limits: 20 credentials, one for each issuer and subject, with one audience.
    fn federated_credentials(&mut self, place: &str, credentials: &[FederatedCredential]) {
        let place = format!("{place}.federatedCredentials");
        self.unless(credentials.len() <= 20, || {
            format!("{place}: has more than the 20 that an application may have")
        });
        let mut seen = BTreeSet::new();
        for FederatedCredential {
            name,
            issuer,
            subject,
            audience,
            keys_file,
            keys_url,
        } in credentials
        {
            self.unless(seen.insert((issuer, subject)), || {
                format!(
                    "{place}.{name}: another one has its issuer and subject; remove one of them"
                )
            });
            let is_complete = [issuer, subject, audience]
                .iter()
                .all(|value| !value.is_empty());
            self.unless(is_complete, || {
                format!(
                    "{place}.{name}: has an empty issuer, subject or audience; \
                     write them as the tokens have them"
                )
            });
            self.unless(keys_file.is_none() || keys_url.is_none(), || {
                format!("{place}.{name}: has both keysFile and keysUrl; remove one of them")
            });
        }
    }

    fn grant(&mut self, place: &str, resource: &str, grant: &GrantEntry) {
        self.unless(!grant.scopes.is_empty() || !grant.roles.is_empty(), || {
            format!("{place}: grants nothing; name scopes or roles, or remove it")
        });
        if resource == graph::KEY {
            self.found.extend(graph::unknown_permissions(place, grant));
            return;
        }
        let Some(target) = self.application_named(place, resource) else {
            return;
        };
        let scopes: BTreeSet<&String> = target.scopes.union(&target.admin_scopes).collect();
        for scope in grant.scopes.iter().filter(|scope| !scopes.contains(scope)) {
            self.found.push(format!(
                "{place}.scopes: {resource} has no scope {scope}; it has {scopes:?}"
            ));
        }
        for role in &grant.roles {
            self.role(
                &format!("{place}.roles"),
                resource,
                target,
                role,
                MemberType::Applications,
            );
        }
    }

    fn user(&mut self, user: &UserEntry) {
        let place = user_place(user);
        self.tenant(&place, &user.tenant);
        self.unless(!user.username.is_empty(), || {
            format!("{place}: has an empty username; write one")
        });
        self.unless(!user.password.is_empty(), || {
            format!("{place}: has an empty password; write one")
        });
        for key in user.conditional_access.keys() {
            self.application_named(&format!("{place}.conditionalAccess"), key);
        }
        for (key, roles) in &user.roles {
            let Some(target) = self.application_named(&format!("{place}.roles"), key) else {
                continue;
            };
            self.unless(target.multi_tenant || target.tenant == user.tenant, || {
                format!(
                    "{place}.roles.{key}: {key} is not in tenant {}; \
                     make it multiTenant or remove the role",
                    user.tenant
                )
            });
            for role in roles {
                self.role(
                    &format!("{place}.roles.{key}"),
                    key,
                    target,
                    role,
                    MemberType::Users,
                );
            }
        }
    }

    fn role(
        &mut self,
        place: &str,
        key: &str,
        target: &ApplicationEntry,
        role: &str,
        member: MemberType,
    ) {
        match target.roles.get(role) {
            None => {
                let known: Vec<&String> = target.roles.keys().collect();
                self.found.push(format!(
                    "{place}: {key} has no role {role}; it has {known:?}"
                ));
            }
            Some(allowed) if !allowed.contains(&member) => self.found.push(format!(
                "{place}: role {role} of {key} cannot be given to {member:?}; it allows {allowed:?}"
            )),
            Some(_) => {}
        }
    }

    fn tenant(&mut self, place: &str, key: &str) {
        let tenants = &self.document.tenants;
        self.unless(tenants.contains_key(key), || {
            format!(
                "{place}.tenant: there is no tenant {key}; the tenants are {:?}",
                tenants.keys().collect::<Vec<_>>()
            )
        });
    }

    fn application_named(&mut self, place: &str, key: &str) -> Option<&'a ApplicationEntry> {
        let applications = &self.document.applications;
        self.unless(applications.contains_key(key), || {
            format!(
                "{place}: there is no application {key}; they are {:?}",
                applications.keys().collect::<Vec<_>>()
            )
        });
        applications.get(key)
    }
}

fn user_place(user: &UserEntry) -> String {
    format!("users.{}", user.username)
}

fn is_permission_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(|letter: char| letter.is_whitespace() || letter == '/')
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
