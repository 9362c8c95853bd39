use dev_service::{InvalidMember, InvalidParameter, PublicRoutes, on_both};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use super::{created, list, start, titles, user};

/// A caller whom an operation does not admit.
struct Denied {
    name: &'static str,
    caller: Caller,
    reason: &'static str,
}

/// Callers whom no operation admits.
fn not_recipients(alice: &Caller) -> [Denied; 2] {
    [
        Denied {
            name: "application with the scope and the role",
            caller: Caller {
                kind: CallerKind::Application,
                roles: vec!["Notify.Send".to_owned()],
                ..alice.clone()
            },
            reason: "caller_kind_not_allowed",
        },
        Denied {
            name: "user with another scope",
            caller: Caller {
                scopes: vec!["access_as_user".to_owned()],
                ..alice.clone()
            },
            reason: "scope_missing",
        },
    ]
}

/// A user on whose behalf an application calls that is not listed.
fn not_notifiers(alice: &Caller) -> [Denied; 2] {
    [
        Denied {
            name: "through an application that is not listed",
            caller: Caller {
                actor: Some("a-browser".to_owned()),
                ..alice.clone()
            },
            reason: "actor_not_allowed",
        },
        Denied {
            name: "through an application without an id",
            caller: Caller {
                actor: None,
                ..alice.clone()
            },
            reason: "actor_unknown",
        },
    ]
}

fn invalid_members() -> [InvalidMember; 8] {
    [
        InvalidMember {
            name: "empty event",
            field: "event",
            value: json!(""),
        },
        InvalidMember {
            name: "long event",
            field: "event",
            value: json!("e".repeat(65)),
        },
        InvalidMember {
            name: "empty title",
            field: "task_title",
            value: json!(""),
        },
        InvalidMember {
            name: "long title",
            field: "task_title",
            value: json!("x".repeat(201)),
        },
        InvalidMember {
            name: "U+0000 in the title",
            field: "task_title",
            value: json!("a\u{0}b"),
        },
        InvalidMember {
            name: "boolean as title",
            field: "task_title",
            value: json!(true),
        },
        InvalidMember {
            name: "null as event",
            field: "event",
            value: Value::Null,
        },
        InvalidMember {
            name: "recipient in the body",
            field: "to",
            value: json!("bob@example.com"),
        },
    ]
}

const INVALID_PARAMETERS: [InvalidParameter; 5] = [
    InvalidParameter {
        name: "limit below one",
        uri: "/notifications?limit=0",
        field: "limit",
    },
    InvalidParameter {
        name: "limit in words",
        uri: "/notifications?limit=many",
        field: "limit",
    },
    InvalidParameter {
        name: "cursor of another list",
        uri: "/notifications?cursor=1",
        field: "cursor",
    },
    InvalidParameter {
        name: "empty filter",
        uri: "/notifications?event=",
        field: "event",
    },
    InvalidParameter {
        name: "unknown parameter",
        uri: "/notifications?user=bob",
        field: "user",
    },
];

on_both! {
    async fn defect_7_application_or_user_without_the_scope_is_denied(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        for Denied {
            name,
            caller,
            reason,
        } in not_recipients(&alice)
        {
            for line in ["POST /notify", "GET /notifications"] {
                // Defect 11: every denial is a problem, and a verified caller without permission
                // gets 403.
                service
                    .send(&caller, line, &[], Some(&created("x")))
                    .await
                    .assert_problem(403, reason, &format!("{name}: {line}"));
            }
        }
        assert!(titles(&list(&service, &alice, "").await).is_empty());
    }

    async fn defect_7_only_listed_application_may_send_on_a_users_behalf(backend) {
        let service = start(backend).await;
        for Denied {
            name,
            caller,
            reason,
        } in not_notifiers(&user("t1", "alice"))
        {
            service
                .send(&caller, "POST /notify", &[], Some(&created("x")))
                .await
                .assert_problem(403, reason, name);
            // A user may read notifications with any client that has the scope.
            let found = list(&service, &caller, "").await;
            assert!(titles(&found).is_empty(), "{name}");
        }
    }

    async fn defect_14_invalid_body_is_not_stored_and_its_field_is_named(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        for member in invalid_members() {
            service
                .send(&alice, "POST /notify", &[], Some(&member.of(created("x"))))
                .await
                .assert_invalid(member.field, member.name);
        }
        let untitled = json!({ "event": "e" });
        service
            .send(&alice, "POST /notify", &[], Some(&untitled))
            .await
            .assert_invalid("task_title", "missing title");
        let huge = created(&"x".repeat(17 * 1024));
        let answer = service.send(&alice, "POST /notify", &[], Some(&huge)).await;
        assert_eq!(answer.status, 413);
        let key = [("idempotency-key", "")];
        service
            .send(&alice, "POST /notify", &key, Some(&created("x")))
            .await
            .assert_invalid("Idempotency-Key", "empty key");
        assert!(titles(&list(&service, &alice, "").await).is_empty());
    }

    async fn invalid_parameter_is_named_in_problem(backend) {
        let service = start(backend).await;
        for InvalidParameter { name, uri, field } in INVALID_PARAMETERS {
            service
                .send(&user("t1", "alice"), &format!("GET {uri}"), &[], None)
                .await
                .assert_invalid(field, name);
        }
    }

    async fn only_health_and_the_document_are_public(backend) {
        let service = start(backend).await;
        let routes = PublicRoutes {
            service: "notification",
            unknown_path: "GET /nothing",
            other_method: "DELETE /notifications",
            protected: &["GET /notifications", "POST /notify"],
        };
        routes.check(|| service.router(|api| api)).await;
    }
}
