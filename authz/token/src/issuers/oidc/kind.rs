//! Tells a user's token from an application's, by evidence in the token or by the provider's
//! settings.
//!
//! If no resource owner is involved, the subject of a token is the client, but its `sub` may have
//! any form (RFC 9068 §2.2). Keycloak, ZITADEL and authentik give a machine a `sub` other than its
//! client id, so a `sub` that differs from the client id does not prove a user.

mod rule;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::client::Clients;
use crate::caller::CallerKind;
use crate::claims::Claims;
use crate::token_denied::{Reason, TokenDenied};
use rule::Told;
pub use rule::{InvalidKindRule, KindRule};

/// Claims of grants without a user: `gty` is Auth0's and Kinde's, `grant_type` Cloud Foundry UAA's
/// and PingAM's, `idtyp` Entra's.
const APPLICATION_CLAIMS: [(&str, &[&str]); 3] = [
    ("gty", &["client-credentials", "client_credentials"]),
    ("grant_type", &["client-credentials", "client_credentials"]),
    ("idtyp", &["app"]),
];
/// Prefix of the user name of a Keycloak service account (`ServiceAccountConstants`).
const SERVICE_ACCOUNT: &str = "service-account-";
/// Suffix that Auth0 adds to the client id in `sub`.
const AUTH0_CLIENT: &str = "@clients";

/// The evidence in a token for an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApplicationSign {
    /// The token speaks for an application.
    Yes,
    /// One claim is evidence for an application, and another contradicts it.
    Contradicted,
    No,
}

/// The kind of caller, by the claim that the settings name, or else by known evidence.
pub(super) fn kind(
    claims: &Claims,
    scopes: &[String],
    rule: Option<&KindRule>,
) -> Result<CallerKind, TokenDenied> {
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

fn application_sign(
    claims: &Claims,
    clients: &Clients<'_>,
) -> Result<ApplicationSign, TokenDenied> {
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

/// The evidence for a Keycloak service account of the client that the token names.
///
/// Users may choose such a name, so a session contradicts it. A session does not matter if the
/// token has the client's address, which only Keycloak's `service_account` scope writes.
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

/// Whether a token has a claim that only a user's sign-in leaves.
///
/// `auth_time` is no evidence, because authentik writes it for machines too. The scope `openid`
/// requests the authentication of an end user (OpenID Connect Core §3.1.2.1), but Keycloak grants
/// it to service accounts too. So it does not count beside Keycloak's payload `typ`; tokens of
/// Keycloak's users have `sid`.
fn is_of_user(claims: &Claims, scopes: &[String], clients: &Clients<'_>) -> bool {
    let methods = claims
        .get("amr")
        .and_then(Value::as_array)
        .is_some_and(|methods| !methods.is_empty());
    let okta_user = claims.has("cid") && is_string(claims, "uid");
    let openid =
        scopes.iter().any(|scope| scope == "openid") && !clients.is_empty() && !claims.has("typ");
    has_session(claims) || methods || okta_user || openid
}

/// Whether a token names a sign-in session: in `sid` (OpenID Connect Front-Channel Logout §3), or
/// in `session_state` by Keycloak before version 24.
fn has_session(claims: &Claims) -> bool {
    is_string(claims, "sid") || is_string(claims, "session_state")
}

fn is_string(claims: &Claims, name: &str) -> bool {
    claims
        .get(name)
        .and_then(Value::as_str)
        .is_some_and(|text| !text.is_empty())
}

/// Whether a string is one of `values`, or a list has one of them.
fn says(claim: Option<&Value>, values: &[&str]) -> bool {
    match claim {
        Some(Value::String(text)) => values.contains(&text.as_str()),
        Some(Value::Array(items)) => items
            .iter()
            .any(|item| item.as_str().is_some_and(|text| values.contains(&text))),
        _ => false,
    }
}

fn unknown() -> TokenDenied {
    let detail = "the token does not prove whether it speaks for a user or for an application; set \
                  oidc.claims.kind of the TokenIssuer for this provider";
    TokenDenied::new(Reason::CallerKindUnknown, detail)
}
