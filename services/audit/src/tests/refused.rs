use dev_service::{Place, answer, on_both, request};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use super::{append, application, list, report, resources, send, service};
use crate::schema;

on_both! {
    async fn defect_7_only_listed_application_with_the_role_is_admitted(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let allowed = application("t1");
        let user = Caller {
            kind: CallerKind::User,
            scopes: vec!["AuditLog.Write".to_owned()],
            ..allowed.clone()
        };
        let other_role = Caller {
            roles: vec!["Admin".to_owned(), "auditlog.write".to_owned()],
            ..allowed.clone()
        };
        let nameless = Caller {
            actor: None,
            ..allowed.clone()
        };
        let unlisted = Caller {
            actor: Some("somebody".to_owned()),
            ..allowed.clone()
        };
        for (caller, reason) in [
            (&user, "caller_kind_not_allowed"),
            (&other_role, "role_missing"),
            (&nameless, "actor_unknown"),
            (&unlisted, "actor_not_allowed"),
        ] {
            for line in ["GET /audit", "POST /audit", "GET /audit/verify"] {
                let denied = send(&database, caller, line, &[], Some(&report("7"))).await;
                // Defect 11: every denial is a problem, and a verified caller without permission
                // gets 403.
                assert_eq!(
                    (denied.status, &denied.body["reason"]),
                    (403, &json!(reason)),
                    "{line} {caller:?}"
                );
                assert_eq!(denied.headers["content-type"], "application/problem+json");
            }
        }
        append(&database, &allowed, "8").await;
        assert_eq!(resources(&list(&database, &allowed, "").await), ["8"]);
    }

    async fn defect_14_invalid_body_is_not_stored_and_its_field_is_named(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let with = |field: &str, value: Value| {
            let mut body = report("7");
            body[field] = value;
            body
        };
        for (field, value, status) in [
            ("action", json!(""), 422),
            ("action", json!("a".repeat(65)), 422),
            ("resource_id", json!(7), 422),
            ("actor", json!("a".repeat(129)), 422),
            ("actor", json!("a\u{0}b"), 422),
            ("tenant_id", Value::Null, 422),
            ("caller_app_id", json!("forged"), 422),
        ] {
            let problem = send(
                &database,
                &application("t1"),
                "POST /audit",
                &[],
                Some(&with(field, value)),
            )
            .await;
            assert_eq!(
                (problem.status, &problem.body["field"]),
                (status, &json!(field)),
                "{}",
                problem.body
            );
        }
        let huge = with("actor", json!("a".repeat(17 * 1024)));
        assert_eq!(
            send(
                &database,
                &application("t1"),
                "POST /audit",
                &[],
                Some(&huge)
            )
            .await
            .status,
            413
        );
        let key = [("idempotency-key", "a b")];
        let problem = send(
            &database,
            &application("t1"),
            "POST /audit",
            &key,
            Some(&report("7")),
        )
        .await;
        assert_eq!(
            (problem.status, &problem.body["field"]),
            (422, &json!("Idempotency-Key"))
        );
        assert!(resources(&list(&database, &application("t1"), "").await).is_empty());
    }

    async fn invalid_parameter_is_named_in_problem(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        for (query, field) in [
            ("/audit?limit=0", "limit"),
            ("/audit?limit=101", "limit"),
            ("/audit?cursor=-1", "cursor"),
            ("/audit?cursor=007", "cursor"),
            ("/audit?cursor=99999999999999999", "cursor"),
            ("/audit?since=yesterday", "since"),
            ("/audit?acton=x", "acton"),
            ("/audit/verify?tenant=t2", "tenant"),
        ] {
            let problem = send(
                &database,
                &application("t1"),
                &format!("GET {query}"),
                &[],
                None,
            )
            .await;
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
            ("GET /health", 200, "service", "audit"),
            ("GET /openapi.json", 200, "openapi", "3.1.0"),
            ("GET /nothing", 404, "reason", "route_not_found"),
            ("DELETE /audit", 405, "reason", "method_not_allowed"),
        ] {
            let got = answer(service(&database, |api| api), request(line, &[], None)).await;
            assert_eq!(
                (got.status, &got.body[key]),
                (status, &json!(value)),
                "{line}"
            );
        }
        for line in ["GET /audit", "POST /audit", "GET /audit/verify"] {
            let got = answer(
                service(&database, |api| api),
                request(line, &[], Some(&report("7"))),
            )
            .await;
            assert_eq!(got.status, 500, "{line} without a guard");
        }
    }
}
