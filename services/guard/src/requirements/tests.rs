use portcullis_runtime::Problem;
use portcullis_token::{Caller, CallerKind};

use super::{require_actor, require_any_role, require_application, require_scope, require_user};

const CLIENT: &str = "3a5c0001-0000-4000-8000-00000000000a";

fn caller(kind: CallerKind, roles: &[&str], scopes: &[&str]) -> Caller {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Caller {
        tenant: "t".to_owned(),
        object_id: "o".to_owned(),
        kind,
        actor: Some(CLIENT.to_owned()),
        name: None,
        email: None,
        roles: owned(roles),
        scopes: owned(scopes),
    }
}

#[test]
fn requirement_allows_or_denies_a_caller() {
    struct Case {
        name: &'static str,
        allowed: Result<(), Problem>,
        denied: Result<(), Problem>,
        reason: &'static str,
    }
    let user = caller(CallerKind::User, &["Reader"], &["access_as_user"]);
    let application = caller(CallerKind::Application, &["AuditLog.Write"], &[]);
    let listed = [CLIENT.to_uppercase()];
    let without_actor = Caller {
        actor: None,
        ..user.clone()
    };
    let shop = Caller {
        actor: Some("shop".to_owned()),
        ..user.clone()
    };
    for Case {
        name,
        allowed,
        denied,
        reason,
    } in [
        Case {
            name: "a listed actor",
            allowed: require_actor(&user, &listed),
            denied: require_actor(&user, &[]),
            reason: "actor_not_allowed",
        },
        Case {
            name: "an actor in the issuer's spelling",
            allowed: require_actor(&shop, &["shop".to_owned()]),
            denied: require_actor(&shop, &["Shop".to_owned()]),
            reason: "actor_not_allowed",
        },
        Case {
            name: "any actor",
            allowed: require_actor(&user, &listed),
            denied: require_actor(&without_actor, &listed),
            reason: "actor_unknown",
        },
        Case {
            name: "a user",
            allowed: require_user(&user),
            denied: require_user(&application),
            reason: "caller_kind_not_allowed",
        },
        Case {
            name: "an application",
            allowed: require_application(&application),
            denied: require_application(&user),
            reason: "caller_kind_not_allowed",
        },
        Case {
            name: "a scope",
            allowed: require_scope(&user, "access_as_user"),
            denied: require_scope(&user, "access"),
            reason: "scope_missing",
        },
        Case {
            name: "a role",
            allowed: require_any_role(&user, &["Admin", "Reader"]),
            denied: require_any_role(&user, &["Admin", "reader"]),
            reason: "role_missing",
        },
    ] {
        assert!(allowed.is_ok(), "{name}");
        let problem = denied.unwrap_err();
        assert_eq!(
            (problem.status(), problem.reason()),
            (403, reason),
            "{name}"
        );
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
