//! The identity that a request names, or the one that it gets without a name.

use super::denial::Denial;
use crate::directory::{Application, Directory};
use crate::parameters::Parameters;

/// The parameters that name an identity. App Service and IMDS spell two of them differently.
const SELECTORS: [(&str, Selector); 5] = [
    ("client_id", Selector::Client),
    ("object_id", Selector::Object),
    ("principal_id", Selector::Object),
    ("msi_res_id", Selector::Resource),
    ("mi_res_id", Selector::Resource),
];

#[derive(Clone, Copy)]
enum Selector {
    Client,
    Object,
    Resource,
}

pub(super) fn selected<'a>(
    directory: &'a Directory,
    parameters: &Parameters,
) -> Result<&'a Application, Denial> {
    let mut named = SELECTORS
        .into_iter()
        .filter_map(|(name, selector)| Some((selector, parameters.optional(name)?)));
    match (named.next(), named.next()) {
        (None, _) => default_of(directory),
        (Some(_), Some(_)) => Err(Denial::SeveralNames),
        (Some((selector, value)), None) => directory
            .managed_identities()
            .find(|(client, identity)| {
                let id = match selector {
                    Selector::Client => client.client_id.to_string(),
                    Selector::Object => client.service_principal.to_string(),
                    Selector::Resource => identity.resource_id.clone(),
                };
                id.eq_ignore_ascii_case(value)
            })
            .map(|(client, _)| client)
            .ok_or(Denial::UnknownIdentity),
    }
}

/// The system-assigned identity, or else the only one.
fn default_of(directory: &Directory) -> Result<&Application, Denial> {
    let mut all = directory.managed_identities();
    if let Some((client, _)) = directory
        .managed_identities()
        .find(|(_, identity)| identity.is_system_assigned)
    {
        return Ok(client);
    }
    match (all.next(), all.next()) {
        (Some((only, _)), None) => Ok(only),
        (None, _) => Err(Denial::UnknownIdentity),
        (Some(_), Some(_)) => Err(Denial::SeveralIdentities),
    }
}
