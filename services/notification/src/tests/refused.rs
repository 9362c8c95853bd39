use dev_service::{Place, answer, on_both, request};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use super::{created, list, send, service, titles, user};
use crate::schema;

on_both! {
    async fn defect_7_application_or_user_without_the_scope_is_denied(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        let application = Caller {
            kind: CallerKind::Application,
            roles: vec!["Notify.Send".to_owned()],
            ..alice.clone()
        };
        let other_scope = Caller {
            scopes: vec!["access_as_user".to_owned()],
            ..alice.clone()
        };
        for (caller, reason) in [
            (application, "caller_kind_not_allowed"),
            (other_scope, "scope_missing"),
        ] {
            for line in ["POST /notify", "GET /notifications"] {
                let denied = send(&database, &caller, line, &[], Some(&created("x"))).await;
                // Defect 11: every denial is a problem, and a verified caller without permission
                // gets 403.
                assert_eq!(
                    (denied.status, &denied.body["reason"]),
                    (403, &json!(reason)),
                    "{line}"
                );
                assert_eq!(denied.headers["content-type"], "application/problem+json");
            }
        }
        assert!(titles(&list(&database, &alice, "").await).is_empty());
    }

    async fn defect_7_only_listed_application_may_send_on_a_users_behalf(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        for (actor, reason) in [
            (Some("a-browser"), "actor_not_allowed"),
            (None, "actor_unknown"),
        ] {
            let caller = Caller {
                actor: actor.map(str::to_owned),
                ..alice.clone()
            };
            let denied = send(&database, &caller, "POST /notify", &[], Some(&created("x"))).await;
            assert_eq!(
                (denied.status, &denied.body["reason"]),
                (403, &json!(reason))
            );
            // A user may read notifications with any client that has the scope.
            assert!(titles(&list(&database, &caller, "").await).is_empty());
        }
    }

    async fn defect_14_invalid_body_is_not_stored_and_its_field_is_named(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        let with = |field: &str, value: Value| {
            let mut body = created("x");
            body[field] = value;
            body
        };
        for (field, value) in [
            ("event", json!("")),
            ("event", json!("e".repeat(65))),
            ("task_title", json!("")),
            ("task_title", json!("x".repeat(201))),
            ("task_title", json!("a\u{0}b")),
            ("task_title", json!(true)),
            ("event", Value::Null),
            ("to", json!("bob@example.com")),
        ] {
            let problem = send(
                &database,
                &alice,
                "POST /notify",
                &[],
                Some(&with(field, value)),
            )
            .await;
            assert_eq!(
                (problem.status, &problem.body["field"]),
                (422, &json!(field)),
                "{}",
                problem.body
            );
        }
        let missing = send(
            &database,
            &alice,
            "POST /notify",
            &[],
            Some(&json!({ "event": "e" })),
        )
        .await;
        assert_eq!(
            (missing.status, &missing.body["field"]),
            (422, &json!("task_title"))
        );
        let huge = with("task_title", json!("x".repeat(17 * 1024)));
        assert_eq!(
            send(&database, &alice, "POST /notify", &[], Some(&huge))
                .await
                .status,
            413
        );
        let key = [("idempotency-key", "")];
        let problem = send(&database, &alice, "POST /notify", &key, Some(&created("x"))).await;
        assert_eq!(
            (problem.status, &problem.body["field"]),
            (422, &json!("Idempotency-Key"))
        );
        assert!(titles(&list(&database, &alice, "").await).is_empty());
    }

    async fn invalid_parameter_is_named_in_problem(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=many", "limit"),
            ("cursor=1", "cursor"),
            ("event=", "event"),
            ("user=bob", "user"),
        ] {
            let line = format!("GET /notifications?{query}");
            let problem = send(&database, &user("t1", "alice"), &line, &[], None).await;
            assert_eq!(
                (problem.status, &problem.body["field"]),
                (422, &json!(field)),
                "{query}: {}",
                problem.body
            );
        }
    }

    async fn only_health_and_the_document_are_public(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        for (line, status, key, value) in [
            ("GET /health", 200, "service", "notification"),
            ("GET /openapi.json", 200, "openapi", "3.1.0"),
            ("GET /nothing", 404, "reason", "route_not_found"),
            ("DELETE /notifications", 405, "reason", "method_not_allowed"),
        ] {
            let got = answer(service(&database, |api| api), request(line, &[], None)).await;
            assert_eq!(
                (got.status, &got.body[key]),
                (status, &json!(value)),
                "{line}"
            );
        }
        for line in ["GET /notifications", "POST /notify"] {
            let got = answer(
                service(&database, |api| api),
                request(line, &[], Some(&created("x"))),
            )
            .await;
            assert_eq!(got.status, 500, "{line} without a guard");
        }
    }
}
