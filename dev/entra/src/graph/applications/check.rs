//! What Entra accepts as an application.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use url::Url;

use crate::directory::problem_of;
use crate::graph::error::GraphError;
use crate::graph::object::ApplicationObject;
use crate::graph::registry::Registry;

/// Properties that only the server sets, or only an operation of their own.
const READ_ONLY: [&str; 6] = [
    "id",
    "appId",
    "createdDateTime",
    "deletedDateTime",
    "passwordCredentials",
    "keyCredentials",
];
const AUDIENCES: [&str; 4] = [
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
];

/// Fails on properties that are unknown or cannot be written. Read-only ones may be repeated.
pub(super) fn properties(
    before: &ApplicationObject,
    properties: &Map<String, Value>,
) -> Result<(), GraphError> {
    let known = json!(before);
    if let Some(name) = ApplicationObject::unknown_property(properties, &known) {
        return Err(GraphError::invalid(format!("Invalid property '{name}'.")));
    }
    let is_kept = |name: &&str| {
        properties
            .get(*name)
            .is_none_or(|value| value.is_null() || Some(value) == known.get(*name))
    };
    let Some(name) = READ_ONLY.into_iter().find(|name| !is_kept(name)) else {
        return Ok(());
    };
    Err(GraphError::invalid(match name {
        "passwordCredentials" => {
            format!("Property '{name}' cannot be written; use addPassword and removePassword.")
        }
        "keyCredentials" => format!(
            "Property '{name}' cannot be written in dev-entra; put the certificate into the \
             directory file."
        ),
        _ => format!("Property '{name}' is read-only and cannot be set."),
    }))
}

/// Fails on values that Entra does not accept.
pub(super) fn object(
    registry: &Registry,
    application: &ApplicationObject,
) -> Result<(), GraphError> {
    if application.display_name.trim().is_empty() {
        return Err(GraphError::invalid(
            "Invalid value specified for property 'displayName' of resource 'Application'.",
        ));
    }
    if !AUDIENCES.contains(&application.sign_in_audience.as_str()) {
        return Err(GraphError::invalid(format!(
            "Invalid value specified for property 'signInAudience'; it is one of {}.",
            AUDIENCES.join(", ")
        )));
    }
    let version = application.api.requested_access_token_version;
    if !matches!(version, None | Some(1 | 2)) {
        return Err(GraphError::invalid(
            "Invalid value specified for property 'requestedAccessTokenVersion'; it is 1, 2 or \
             null.",
        ));
    }
    for uri in application.urls() {
        if let Some(problem) = problem_of(uri) {
            return Err(GraphError::invalid(format!(
                "Invalid value specified for property 'redirectUris': {uri} {problem}."
            )));
        }
    }
    identifier_uris(registry, application)?;
    permissions(application)?;
    pre_authorized(application)
}

fn identifier_uris(registry: &Registry, application: &ApplicationObject) -> Result<(), GraphError> {
    for uri in &application.identifier_uris {
        let is_valid = Url::parse(uri).is_ok_and(|url| url.fragment().is_none());
        if !is_valid || uri.ends_with('/') || uri.contains(char::is_whitespace) {
            return Err(GraphError::invalid(format!(
                "Invalid value specified for property 'identifierUris': '{uri}' is not an \
                 absolute URI without a trailing slash, such as api://{}.",
                application.app_id
            )));
        }
        let is_taken = registry
            .registrations()
            .map(|registration| &registration.application)
            .filter(|other| other.id != application.id)
            .flat_map(|other| &other.identifier_uris)
            .any(|other| other.eq_ignore_ascii_case(uri));
        if is_taken {
            return Err(GraphError::invalid(
                "Another object with the same value for property identifierUris already exists.",
            ));
        }
    }
    Ok(())
}

fn permissions(application: &ApplicationObject) -> Result<(), GraphError> {
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (name, id, _) in application.permissions() {
        let is_misplaced = |letter: char| letter.is_whitespace() || letter == '/';
        if name.starts_with('.') || name.contains(is_misplaced) {
            return Err(GraphError::invalid(format!(
                "Invalid value specified for property 'value': '{name}' has a space or a slash, \
                 or begins with a dot."
            )));
        }
        if id.is_nil() || !ids.insert(id) {
            return Err(GraphError::invalid(format!(
                "It contains duplicate or empty permission ids: {id}."
            )));
        }
        // Roles without a value grant access and appear in no token.
        if !name.is_empty() && !names.insert(name) {
            return Err(GraphError::invalid(format!(
                "It contains duplicate value. Please Provide unique value: {name}."
            )));
        }
    }
    Ok(())
}

fn pre_authorized(application: &ApplicationObject) -> Result<(), GraphError> {
    let api = &application.api;
    let scopes: BTreeSet<_> = api
        .oauth2_permission_scopes
        .iter()
        .map(|it| it.id)
        .collect();
    let clients = api.pre_authorized_applications.iter();
    let mut used = clients.flat_map(|client| &client.delegated_permission_ids);
    match used.find(|id| !scopes.contains(id)) {
        None => Ok(()),
        Some(id) => Err(GraphError::invalid(format!(
            "Property api.preAuthorizedApplications references permission {id}, which does not \
             exist in api.oauth2PermissionScopes."
        ))),
    }
}

/// An enabled scope or role can neither be removed nor get another value.
pub(super) fn only_disabled_permissions_change(
    before: &ApplicationObject,
    after: &ApplicationObject,
) -> Result<(), GraphError> {
    let kept: BTreeSet<_> = after
        .permissions()
        .map(|(name, id, _)| (name, id))
        .collect();
    let mut enabled = before
        .permissions()
        .filter(|(_, _, is_enabled)| *is_enabled);
    if enabled.all(|(name, id, _)| kept.contains(&(name, id))) {
        Ok(())
    } else {
        Err(GraphError::enabled_permission())
    }
}
