use std::collections::BTreeSet;

use super::{Check, Field};
use crate::directory::document::{
    ApplicationEntry, GrantEntry, GroupMembershipClaims, MemberType, OptionalClaim,
};
use crate::directory::redirect_uri::problem_of;
use crate::directory::{ClientSecret, FederatedCredential, graph};

impl Check<'_> {
    pub(super) fn application(&mut self, key: &str, entry: &ApplicationEntry) {
        let field = Field::top("applications").member(key);
        self.unless(key != graph::KEY, &field, || {
            "is the key of Microsoft Graph; choose another".to_owned()
        });
        self.tenant(&field, &entry.tenant);
        self.credentials(&field, entry);
        let uri = entry.identifier_uri();
        let takes_scopes =
            !uri.is_empty() && !uri.contains(char::is_whitespace) && !uri.ends_with('/');
        self.unless(takes_scopes, &field.member("identifierUri"), || {
            format!("is not a URI that scopes can follow; write one such as api://{key}")
        });
        self.redirect_uris(&field, entry);
        self.permissions(&field, entry);
        self.pre_authorized(&field.member("preAuthorized"), key, entry);
        self.agent(&field, entry);
        self.consent(&field, entry);
        self.optional_claims(&field, entry);
        for (resource, grant) in &entry.grants {
            self.grant(&field.member("grants"), resource, grant);
        }
    }

    fn credentials(&mut self, field: &Field, entry: &ApplicationEntry) {
        let count =
            entry.secrets.len() + entry.certificates.len() + entry.federated_credentials.len();
        self.unless(!entry.public_client || count == 0, field, || {
            "is a publicClient with secrets or other credentials, which cannot be; \
             remove one of them"
                .to_owned()
        });
        self.federated_credentials(
            &field.member("federatedCredentials"),
            &entry.federated_credentials,
        );
        let secrets = field.member("secrets");
        let has_empty = entry.secrets.iter().any(ClientSecret::is_empty);
        self.unless(!has_empty, &secrets, || {
            "holds an empty secret; remove it or write one".to_owned()
        });
    }

    fn redirect_uris(&mut self, field: &Field, entry: &ApplicationEntry) {
        for (_, uri) in entry.redirect_uris.iter() {
            if let Some(problem) = problem_of(uri) {
                self.report(&field.member("redirectUris"), &format!("{uri} {problem}"));
            }
        }
        if let Some(uri) = &entry.front_channel_logout_uri
            && let Some(problem) = problem_of(uri)
        {
            let field = field.member("frontChannelLogoutUri");
            self.report(&field, &format!("{uri} {problem}"));
        }
    }

    /// Checks the scopes and roles that the application defines.
    fn permissions(&mut self, field: &Field, entry: &ApplicationEntry) {
        let names = entry.scopes.iter().chain(&entry.admin_scopes);
        for name in names.chain(entry.roles.keys()) {
            self.unless(is_permission_name(name), field, || {
                format!(
                    "'{name}' cannot name a scope or role; \
                     use letters without spaces or '/', and not .default"
                )
            });
        }
        for (role, members) in &entry.roles {
            let field = field.member("roles").member(role);
            self.unless(!members.is_empty(), &field, || {
                "allows no members; write [users], [applications] or both".to_owned()
            });
        }
    }

    fn pre_authorized(&mut self, field: &Field, key: &str, entry: &ApplicationEntry) {
        for (client, scopes) in &entry.pre_authorized {
            self.application_named(field, client);
            for scope in scopes.difference(&entry.scopes) {
                let problem = format!("{key} has no scope {scope}; it has {:?}", entry.scopes);
                self.report(&field.member(client), &problem);
            }
        }
    }

    fn agent(&mut self, field: &Field, entry: &ApplicationEntry) {
        let Some(key) = &entry.agent_of else {
            return;
        };
        let count =
            entry.secrets.len() + entry.certificates.len() + entry.federated_credentials.len();
        let field = field.member("agentOf");
        self.unless(count == 0 && !entry.public_client, &field, || {
            "an agent identity has no credentials of its own; move them to its blueprint".to_owned()
        });
        if let Some(blueprint) = self.application_named(&field, key) {
            let is_blueprint = blueprint.agent_of.is_none() && blueprint.tenant == entry.tenant;
            self.unless(is_blueprint, &field, || {
                format!(
                    "{key} is an agent identity itself or in another tenant; \
                     name an application of tenant {}",
                    entry.tenant
                )
            });
        }
    }

    fn consent(&mut self, field: &Field, entry: &ApplicationEntry) {
        for client in &entry.known_client_applications {
            self.application_named(&field.member("knownClientApplications"), client);
        }
        for (resource, scopes) in entry.requires.iter().flatten() {
            let requires = field.member("requires");
            if resource == graph::KEY {
                let unknown = graph::unknown_scopes(scopes);
                self.report_all(&requires.member(resource), unknown);
                continue;
            }
            if let Some(target) = self.application_named(&requires, resource) {
                self.scopes_of(&requires.member(resource), resource, target, scopes);
            }
        }
    }

    fn optional_claims(&mut self, field: &Field, entry: &ApplicationEntry) {
        let of_id_tokens = field.member("optionalIdTokenClaims");
        for claim in [OptionalClaim::Idtyp, OptionalClaim::IncludeUserToken] {
            let is_there = entry.optional_id_token_claims.contains(&claim);
            self.unless(!is_there, &of_id_tokens, || {
                "idtyp is a claim of access tokens only; move it to optionalClaims".to_owned()
            });
        }
        let has_groups = entry.group_membership_claims != GroupMembershipClaims::None;
        for (field, claims) in [
            (field.member("optionalClaims"), &entry.optional_claims),
            (of_id_tokens, &entry.optional_id_token_claims),
        ] {
            let is_met = has_groups || !claims.contains(&OptionalClaim::Groups);
            self.unless(is_met, &field, || {
                "groups needs groupMembershipClaims: securityGroup too, as in Entra ID".to_owned()
            });
        }
    }

    /// Checks Entra's limits: 20 credentials, one for each issuer and subject, with one audience.
    fn federated_credentials(&mut self, field: &Field, credentials: &[FederatedCredential]) {
        self.unless(credentials.len() <= 20, field, || {
            "has more than the 20 that an application may have".to_owned()
        });
        let mut seen = BTreeSet::new();
        for (index, credential) in credentials.iter().enumerate() {
            let FederatedCredential {
                name,
                issuer,
                subject,
                audience,
                keys_file,
                keys_url,
            } = credential;
            let field = field.element(index, name);
            self.unless(seen.insert((issuer, subject)), &field, || {
                "another one has its issuer and subject; remove one of them".to_owned()
            });
            let is_complete = [issuer, subject, audience]
                .iter()
                .all(|value| !value.is_empty());
            self.unless(is_complete, &field, || {
                "has an empty issuer, subject or audience; write them as the tokens have them"
                    .to_owned()
            });
            self.unless(keys_file.is_none() || keys_url.is_none(), &field, || {
                "has both keysFile and keysUrl; remove one of them".to_owned()
            });
        }
    }

    fn grant(&mut self, grants: &Field, resource: &str, grant: &GrantEntry) {
        let field = grants.member(resource);
        let is_empty = grant.scopes.is_empty() && grant.roles.is_empty();
        self.unless(!is_empty, &field, || {
            "grants nothing; name scopes or roles, or remove it".to_owned()
        });
        if resource == graph::KEY {
            self.report_all(
                &field.member("scopes"),
                graph::unknown_scopes(&grant.scopes),
            );
            self.report_all(&field.member("roles"), graph::unknown_roles(&grant.roles));
            return;
        }
        let Some(target) = self.application_named(grants, resource) else {
            return;
        };
        self.scopes_of(&field.member("scopes"), resource, target, &grant.scopes);
        for role in &grant.roles {
            let field = field.member("roles");
            self.role(&field, resource, target, role, MemberType::Applications);
        }
    }

    /// Checks that `target` has `scopes`.
    fn scopes_of(
        &mut self,
        field: &Field,
        key: &str,
        target: &ApplicationEntry,
        scopes: &BTreeSet<String>,
    ) {
        let known: BTreeSet<&String> = target.scopes.union(&target.admin_scopes).collect();
        for scope in scopes.iter().filter(|scope| !known.contains(scope)) {
            let problem = format!("{key} has no scope {scope}; it has {known:?}");
            self.report(field, &problem);
        }
    }
}

fn is_permission_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(|letter: char| letter.is_whitespace() || letter == '/')
}
