use http::{HeaderValue, StatusCode, header};
use portcullis_reason_codes::{
    ACTOR_NOT_ALLOWED, ACTOR_UNKNOWN, CALLER_KIND_NOT_ALLOWED, ROLE_MISSING, ReasonCode,
    SCOPE_MISSING,
};
use portcullis_runtime::Problem;
use portcullis_token::{Caller, CallerKind};

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
pub fn require_actor(caller: &Caller, listed: &[String]) -> Result<(), Problem> {
    // Entra writes ids in lower case, but settings may not.
    let is_listed = |actor: &String| listed.iter().any(|id| id.eq_ignore_ascii_case(actor));
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

/// The 403 for a valid token with insufficient rights (RFC 6750 §3.1).
fn insufficient(reason: ReasonCode, detail: String) -> Problem {
    let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
    Problem::new(StatusCode::FORBIDDEN, reason, detail)
        .with_header(header::WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use portcullis_token::{Caller, CallerKind};

    use super::{
        require_actor, require_any_role, require_application, require_scope, require_user,
    };

    fn caller(kind: CallerKind, roles: &[&str], scopes: &[&str]) -> Caller {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Caller {
            tenant: "t".to_owned(),
            object_id: "o".to_owned(),
            kind,
            actor: Some("3a5c0001-000a".to_owned()),
            name: None,
            email: None,
            roles: owned(roles),
            scopes: owned(scopes),
        }
    }

    #[test]
    fn requirement_allows_or_denies_a_caller() {
        let user = caller(CallerKind::User, &["Reader"], &["access_as_user"]);
        let application = caller(CallerKind::Application, &["AuditLog.Write"], &[]);
        let listed = ["3A5C0001-000A".to_owned()];
        let without_actor = Caller {
            actor: None,
            ..user.clone()
        };
        for (allowed, denied, reason) in [
            (
                require_actor(&user, &listed),
                require_actor(&user, &[]),
                "actor_not_allowed",
            ),
            (
                require_actor(&user, &listed),
                require_actor(&without_actor, &listed),
                "actor_unknown",
            ),
            (
                require_user(&user),
                require_user(&application),
                "caller_kind_not_allowed",
            ),
            (
                require_application(&application),
                require_application(&user),
                "caller_kind_not_allowed",
            ),
            (
                require_scope(&user, "access_as_user"),
                require_scope(&user, "access"),
                "scope_missing",
            ),
            (
                require_any_role(&user, &["Admin", "Reader"]),
                require_any_role(&user, &["Admin", "reader"]),
                "role_missing",
            ),
        ] {
            assert!(allowed.is_ok());
            let problem = denied.unwrap_err();
            assert_eq!((problem.status(), problem.reason()), (403, reason));
        }
        let problem = require_any_role(&user, &["Admin", "Editor"]).unwrap_err();
        assert!(
            ["Admin", "Editor", "Reader"]
                .iter()
                .all(|role| problem.detail().contains(role)),
            "{}",
            problem.detail()
        );
    }
}
