use http::{HeaderValue, StatusCode, header};
use portcullis_reason_codes::{
    ACTOR_NOT_ALLOWED, ACTOR_UNKNOWN, CALLER_KIND_NOT_ALLOWED, ROLE_MISSING, ReasonCode,
    SCOPE_MISSING,
};
use portcullis_runtime::Problem;
use portcullis_token::{Caller, CallerKind, normalize_guid};

#[cfg(test)]
mod tests;

/// Denies applications, where a user must be responsible.
pub fn require_user(caller: &Caller) -> Result<(), Problem> {
    require_kind(
        caller,
        CallerKind::User,
        "this is for users; an application's own token is not accepted",
    )
}

/// Denies users, whatever roles they have.
pub fn require_application(caller: &Caller) -> Result<(), Problem> {
    require_kind(
        caller,
        CallerKind::Application,
        "this is for applications; a user's token is not accepted",
    )
}

fn require_kind(caller: &Caller, kind: CallerKind, detail: &str) -> Result<(), Problem> {
    if caller.kind == kind {
        Ok(())
    } else {
        Err(insufficient(CALLER_KIND_NOT_ALLOWED, detail.to_owned()))
    }
}

/// Denies clients that were not granted `scope`.
pub fn require_scope(caller: &Caller, scope: &str) -> Result<(), Problem> {
    if caller.has_scope(scope) {
        return Ok(());
    }
    Err(insufficient(
        SCOPE_MISSING,
        format!("the token lacks the scope {scope}; request a token with it"),
    ))
}

/// Denies callers without any of `roles`, and names the needed roles and the caller's.
pub fn require_any_role(caller: &Caller, roles: &[&str]) -> Result<(), Problem> {
    if roles.iter().any(|role| caller.has_role(role)) {
        return Ok(());
    }
    let held = if caller.roles.is_empty() {
        "none".to_owned()
    } else {
        caller.roles.join(", ")
    };
    Err(insufficient(
        ROLE_MISSING,
        format!(
            "one of these roles is needed: {}; you have: {held}",
            roles.join(", ")
        ),
    ))
}

/// Denies callers whose actor is not in `listed`.
///
/// Ids are compared exactly, except that a GUID may be in upper case, because Entra writes ids in
/// lower case and settings may not.
pub fn require_actor(caller: &Caller, listed: &[String]) -> Result<(), Problem> {
    let is_listed = |actor: &String| listed.iter().any(|id| is_same_id(id, actor));
    match &caller.actor {
        Some(actor) if is_listed(actor) => Ok(()),
        Some(actor) => Err(insufficient(
            ACTOR_NOT_ALLOWED,
            format!(
                "the application {actor} may not call this; it is not among the applications that \
                 this service allows"
            ),
        )),
        None => Err(insufficient(
            ACTOR_UNKNOWN,
            "the token names no application: it has neither azp nor appid".to_owned(),
        )),
    }
}

fn is_same_id(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case(other) && normalize_guid(one).is_some())
}

/// The 403 for a valid token with insufficient rights (RFC 6750 §3.1).
fn insufficient(reason: ReasonCode, detail: String) -> Problem {
    let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
    Problem::new(StatusCode::FORBIDDEN, reason, detail)
        .with_header(header::WWW_AUTHENTICATE, challenge)
}
