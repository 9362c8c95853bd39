use dev_service::{InvalidMember, InvalidParameter, PublicRoutes, on_both};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use super::{append, application, list, report, resources, start};

/// A caller whom no operation admits.
struct Denied {
    name: &'static str,
    caller: Caller,
    reason: &'static str,
}

fn denied(allowed: &Caller) -> [Denied; 4] {
    [
        Denied {
            name: "user with the role and the scope",
            caller: Caller {
                kind: CallerKind::User,
                scopes: vec!["AuditLog.Write".to_owned()],
                ..allowed.clone()
            },
            reason: "caller_kind_not_allowed",
        },
        Denied {
            name: "application with other roles",
            caller: Caller {
                roles: vec!["Admin".to_owned(), "auditlog.write".to_owned()],
                ..allowed.clone()
            },
            reason: "role_missing",
        },
        Denied {
            name: "application without an id",
            caller: Caller {
                actor: None,
                ..allowed.clone()
            },
            reason: "actor_unknown",
        },
        Denied {
            name: "application that is not listed",
            caller: Caller {
                actor: Some("somebody".to_owned()),
                ..allowed.clone()
            },
            reason: "actor_not_allowed",
        },
    ]
}

fn invalid_members() -> [InvalidMember; 7] {
    [
        InvalidMember {
            name: "empty action",
            field: "action",
            value: json!(""),
        },
        InvalidMember {
            name: "long action",
            field: "action",
            value: json!("a".repeat(65)),
        },
        InvalidMember {
            name: "number as resource",
            field: "resource_id",
            value: json!(7),
        },
        InvalidMember {
            name: "long actor",
            field: "actor",
            value: json!("a".repeat(129)),
        },
        InvalidMember {
            name: "U+0000 in the actor",
            field: "actor",
            value: json!("a\u{0}b"),
        },
        InvalidMember {
            name: "null as tenant",
            field: "tenant_id",
            value: Value::Null,
        },
        InvalidMember {
            name: "caller in the body",
            field: "caller_app_id",
            value: json!("forged"),
        },
    ]
}

const INVALID_PARAMETERS: [InvalidParameter; 8] = [
    InvalidParameter {
        name: "limit below one",
        uri: "/audit?limit=0",
        field: "limit",
    },
    InvalidParameter {
        name: "limit above the maximum",
        uri: "/audit?limit=101",
        field: "limit",
    },
    InvalidParameter {
        name: "negative cursor",
        uri: "/audit?cursor=-1",
        field: "cursor",
    },
    InvalidParameter {
        name: "cursor with leading zeros",
        uri: "/audit?cursor=007",
        field: "cursor",
    },
    InvalidParameter {
        name: "cursor beyond every position",
        uri: "/audit?cursor=99999999999999999",
        field: "cursor",
    },
    InvalidParameter {
        name: "time in words",
        uri: "/audit?since=yesterday",
        field: "since",
    },
    InvalidParameter {
        name: "mistyped filter",
        uri: "/audit?acton=x",
        field: "acton",
    },
    InvalidParameter {
        name: "parameter of the verification",
        uri: "/audit/verify?tenant=t2",
        field: "tenant",
    },
];

on_both! {
    async fn defect_7_only_listed_application_with_the_role_is_admitted(backend) {
        let audit = start(backend).await;
        let allowed = application("t1");
        for Denied {
            name,
            caller,
            reason,
        } in denied(&allowed)
        {
            for line in ["GET /audit", "POST /audit", "GET /audit/verify"] {
                // Defect 11: every denial is a problem, and a verified caller without permission
                // gets 403.
                audit
                    .send(&caller, line, &[], Some(&report("7")))
                    .await
                    .assert_problem(403, reason, &format!("{name}: {line}"));
            }
        }
        append(&audit, &allowed, "8").await;
        assert_eq!(resources(&list(&audit, &allowed, "").await), ["8"]);
    }

    async fn defect_14_invalid_body_is_not_stored_and_its_field_is_named(backend) {
        let audit = start(backend).await;
        let caller = application("t1");
        for member in invalid_members() {
            audit
                .send(&caller, "POST /audit", &[], Some(&member.of(report("7"))))
                .await
                .assert_invalid(member.field, member.name);
        }
        let mut huge = report("7");
        huge["actor"] = json!("a".repeat(17 * 1024));
        let answer = audit.send(&caller, "POST /audit", &[], Some(&huge)).await;
        assert_eq!(answer.status, 413);
        let key = [("idempotency-key", "a b")];
        audit
            .send(&caller, "POST /audit", &key, Some(&report("7")))
            .await
            .assert_invalid("Idempotency-Key", "key with a blank");
        assert!(resources(&list(&audit, &caller, "").await).is_empty());
    }

    async fn invalid_parameter_is_named_in_problem(backend) {
        let audit = start(backend).await;
        for InvalidParameter { name, uri, field } in INVALID_PARAMETERS {
            audit
                .send(&application("t1"), &format!("GET {uri}"), &[], None)
                .await
                .assert_invalid(field, name);
        }
    }

    async fn only_health_and_the_document_are_public(backend) {
        let audit = start(backend).await;
        let routes = PublicRoutes {
            service: "audit",
            unknown_path: "GET /nothing",
            other_method: "DELETE /audit",
            protected: &["GET /audit", "POST /audit", "GET /audit/verify"],
        };
        routes.check(|| audit.router(|api| api)).await;
    }
}
