//! Whether a provider's token speaks for a user or for an application: by evidence, never by
//! default.
//!
//! RFC 9068 §2.2 has the client as the subject of a token that no resource owner is involved in,
//! but leaves open what the client is called there. Keycloak, ZITADEL and authentik give a machine
//! a `sub` that is not its client id, so a `sub` that differs from it proves no user.

mod rule;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::client::Clients;
use crate::caller::CallerKind;
use crate::claims::Claims;
use crate::refusal::{Reason, Refusal};
use rule::Told;
pub use rule::{InvalidKindRule, KindRule};

/// Claims of grants without a user: `gty` is Auth0's and Kinde's, `grant_type` Cloud Foundry UAA's
/// and PingAM's, `idtyp` Entra's.
const APPLICATION_CLAIMS: [(&str, &[&str]); 3] = [
    ("gty", &["client-credentials", "client_credentials"]),
    ("grant_type", &["client-credentials", "client_credentials"]),
    ("idtyp", &["app"]),
];
/// What Keycloak calls the user that stands for a client (`ServiceAccountConstants`).
const SERVICE_ACCOUNT: &str = "service-account-";
/// What Auth0 puts behind the client id to make a `sub` of it.
const AUTH0_CLIENT: &str = "@clients";

/// What the token itself shows of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApplicationSign {
    /// It speaks for an application.
    Yes,
    /// It looks like an application's, and something else in it does not.
    Contradicted,
    No,
}

/// The kind of caller, by the provider's own claim if the settings name one, else by known signs.
pub(super) fn kind(
    claims: &Claims,
    scopes: &[String],
    rule: Option<&KindRule>,
) -> Result<CallerKind, Refusal> {
    let clients = Clients::of(claims)?;
    let application = application_sign(claims, &clients)?;
    match (rule.map(|rule| rule.told(claims)), application) {
        // A claim that calls an application a user contradicts the token.
        (Some(Told::Kind(CallerKind::User)), ApplicationSign::Yes) => Err(unknown()),
        (Some(Told::Kind(kind)), _) => Ok(kind),
        (_, ApplicationSign::Yes) => Ok(CallerKind::Application),
        (Some(Told::Absent(Some(default))), ApplicationSign::No) => Ok(default),
        (None, ApplicationSign::No) if is_of_user(claims, scopes, &clients) => Ok(CallerKind::User),
        _ => Err(unknown()),
    }
}

fn application_sign(claims: &Claims, clients: &Clients<'_>) -> Result<ApplicationSign, Refusal> {
    let subject = claims.optional_text("sub")?.unwrap_or_default();
    let marked = APPLICATION_CLAIMS
        .iter()
        .any(|(claim, values)| says(claims.get(claim), values));
    if marked || clients.contain(subject) {
        return Ok(ApplicationSign::Yes);
    }
    if let Some(client) = subject.strip_suffix(AUTH0_CLIENT) {
        let own = clients.is_empty() || clients.contain(client);
        return Ok(if own {
            ApplicationSign::Yes
        } else {
            ApplicationSign::Contradicted
        });
    }
    Ok(service_account_sign(claims, clients))
}

/// Keycloak's service account of the very client that the token names. Its users may choose their
/// names, so a session counts against the name, unless the token has what only Keycloak's
/// `service_account` scope writes: the client's address.
fn service_account_sign(claims: &Claims, clients: &Clients<'_>) -> ApplicationSign {
    let name = claims
        .get("preferred_username")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(client) = name.strip_prefix(SERVICE_ACCOUNT) else {
        return ApplicationSign::No;
    };
    let own = clients.is_empty() || clients.contain_in_lower_case(client);
    let by_client = ["clientAddress", "clientHost"]
        .iter()
        .any(|claim| claims.has(claim));
    if own && (by_client || !has_session(claims)) {
        ApplicationSign::Yes
    } else {
        ApplicationSign::Contradicted
    }
}

/// What only a user's sign-in leaves in a token.
///
/// Not `auth_time`: authentik writes it for machines too. `openid` asks for the authentication of
/// an end user (OpenID Connect Core §3.1.2.1), but Keycloak grants it to service accounts that ask,
/// so it counts for nothing beside Keycloak's payload `typ`; the tokens of Keycloak's users have
/// `sid`.
fn is_of_user(claims: &Claims, scopes: &[String], clients: &Clients<'_>) -> bool {
    let methods = claims
        .get("amr")
        .and_then(Value::as_array)
        .is_some_and(|methods| !methods.is_empty());
    let okta_user = claims.has("cid") && is_text(claims, "uid");
    let openid =
        scopes.iter().any(|scope| scope == "openid") && !clients.is_empty() && !claims.has("typ");
    has_session(claims) || methods || okta_user || openid
}

/// A sign-in session: `sid` is OpenID Connect Front-Channel Logout's (§3), `session_state` is how
/// Keycloak called it before version 24.
fn has_session(claims: &Claims) -> bool {
    is_text(claims, "sid") || is_text(claims, "session_state")
}

fn is_text(claims: &Claims, name: &str) -> bool {
    claims
        .get(name)
        .and_then(Value::as_str)
        .is_some_and(|text| !text.is_empty())
}

/// Whether a text is one of `values`, or a list has one of them.
fn says(claim: Option<&Value>, values: &[&str]) -> bool {
    match claim {
        Some(Value::String(text)) => values.contains(&text.as_str()),
        Some(Value::Array(items)) => items
            .iter()
            .any(|item| item.as_str().is_some_and(|text| values.contains(&text))),
        _ => false,
    }
}

fn unknown() -> Refusal {
    let detail = "the token does not prove whether it speaks for a user or for an application; say in the \
                  TokenIssuer how this provider's tokens do (oidc.claims.kind)";
    Refusal::new(Reason::CallerKindUnknown, detail)
}
