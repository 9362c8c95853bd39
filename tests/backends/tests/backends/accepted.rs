//! Requests that a backend accepts, and its problems for other paths and methods.

use std::time::Duration;

use portcullis_assertion::{Assertion, HEADER};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::json;
use tokio::time::{interval, timeout};

use crate::all_are_denied;
use crate::authz::{assertion, bound};
use crate::backend::Backend;
use crate::denied::DeniedCase;
use crate::signing_key::AssertionKey;

/// Waits until the backend accepts a new assertion of `key`.
pub(crate) async fn becomes_accepted(backend: &Backend, key: &impl AssertionKey) {
    let accepted = async {
        let mut pause = interval(Duration::from_millis(50));
        while backend.answer_to(&key.assert(&assertion())).await.status != 200 {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(20), accepted)
        .await
        .expect("the published key is never accepted");
}

pub(crate) async fn good_assertions_become_their_callers(
    backend: &Backend,
    key: &impl AssertionKey,
) {
    struct Case {
        name: &'static str,
        path: &'static str,
        headers: Vec<(&'static str, &'static str)>,
        good: Assertion,
    }

    let application = Caller {
        kind: CallerKind::Application,
        name: None,
        roles: Vec::new(),
        scopes: Vec::new(),
        ..assertion().caller
    };
    let with = |path: &str| Assertion {
        request: Some(bound("GET", path)),
        ..assertion()
    };
    let bare = ("x-user-oid", "another-oid");
    for Case {
        name,
        path,
        headers,
        good,
    } in [
        Case {
            name: "user",
            path: "/orders?page=2",
            headers: vec![],
            good: assertion(),
        },
        Case {
            name: "user with spoofed headers",
            path: "/orders?page=2",
            headers: vec![bare, ("x-user-roles", "Admin")],
            good: assertion(),
        },
        Case {
            name: "application",
            path: "/orders?page=2",
            headers: vec![],
            good: Assertion {
                caller: application,
                ..assertion()
            },
        },
        Case {
            name: "issued long ago",
            path: "/orders?page=2",
            headers: vec![],
            good: Assertion {
                issued_at: unix_now() - 30,
                ..assertion()
            },
        },
        Case {
            name: "issued by a clock that is ahead",
            path: "/orders?page=2",
            headers: vec![],
            good: Assertion {
                issued_at: unix_now() + 2,
                ..assertion()
            },
        },
        Case {
            name: "no query",
            path: "/orders",
            headers: vec![],
            good: with("/orders"),
        },
        Case {
            name: "empty query",
            path: "/orders?",
            headers: vec![],
            good: with("/orders?"),
        },
        Case {
            name: "escaped query",
            path: "/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&x=a%00",
            headers: vec![],
            good: with("/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&x=a%00"),
        },
    ] {
        let token = key.assert(&good);
        let headers: Vec<(&str, &str)> = headers.into_iter().chain([(HEADER, &*token)]).collect();
        let answer = backend.answer(&format!("GET {path}"), &headers).await;
        let Caller {
            tenant,
            object_id,
            kind,
            roles,
            scopes,
            ..
        } = good.caller;
        let caller = &answer.body["caller"];
        let kind = kind.as_str();
        let expected = json!({
            "tenant": tenant,
            "objectId": object_id,
            "kind": kind,
            "roles": roles,
            "scopes": scopes,
        });
        assert_eq!(
            (answer.status, &*answer.media_type, caller),
            (200, "application/json", &expected),
            "{name}"
        );
    }
}

pub(crate) async fn other_paths_and_methods_get_problems(
    backend: &Backend,
    key: &impl AssertionKey,
) {
    struct Case {
        line: &'static str,
        status: u16,
        reason: &'static str,
    }

    for Case {
        line,
        status,
        reason,
    } in [
        Case {
            line: "GET /invoices",
            status: 404,
            reason: "not_found",
        },
        Case {
            line: "POST /orders",
            status: 405,
            reason: "method_not_allowed",
        },
        Case {
            line: "DELETE /orders?page=2",
            status: 405,
            reason: "method_not_allowed",
        },
    ] {
        let (method, path) = line.split_once(' ').unwrap();
        let own = key.assert(&Assertion {
            request: Some(bound(method, path)),
            ..assertion()
        });
        backend
            .answer(line, &[(HEADER, &own)])
            .await
            .must_be_problem(status, reason, line);
        let others = key.assert(&assertion());
        let answer = backend.answer(line, &[(HEADER, &others)]).await;
        answer.must_be_problem(401, "assertion_for_other_request", line);
    }
}

pub(crate) async fn unbound_assertions_are_accepted_where_set(
    backend: &Backend,
    key: &impl AssertionKey,
    denied: Vec<DeniedCase>,
) {
    becomes_accepted(backend, key).await;
    let unbound = Assertion {
        request: None,
        ..assertion()
    };
    for line in ["GET /orders?page=2", "GET /orders"] {
        let token = key.assert(&unbound);
        assert_eq!(
            backend.answer(line, &[(HEADER, &token)]).await.status,
            200,
            "{line}"
        );
    }
    let rows = denied
        .into_iter()
        .filter(|row| row.reason != "assertion_not_bound");
    all_are_denied(backend, rows.collect()).await;
}
