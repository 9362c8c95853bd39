use axum::Router;
use serde_json::json;

use crate::{answer, request};

/// What a service answers without a guard.
#[derive(Debug)]
pub struct PublicRoutes<'a> {
    /// The service's name.
    pub service: &'a str,
    /// A request for a path that the service does not have.
    pub unknown_path: &'a str,
    /// A request for a path with a method that it does not allow.
    pub other_method: &'a str,
    /// Requests that need a caller.
    pub protected: &'a [&'a str],
}

/// A request without a caller, and a member of its answer.
struct Row<'a> {
    line: &'a str,
    status: u16,
    member: &'a str,
    value: &'a str,
}

impl PublicRoutes<'_> {
    /// Asserts that only health and the OpenAPI document need no guard.
    pub async fn check(&self, router: impl Fn() -> Router) {
        for Row {
            line,
            status,
            member,
            value,
        } in self.rows()
        {
            let got = answer(router(), request(line, &[], None)).await;
            assert_eq!(
                (got.status, &got.body[member]),
                (status, &json!(value)),
                "{line}"
            );
            assert_eq!(got.headers.contains_key("allow"), status == 405, "{line}");
        }
        for line in self.protected {
            let got = answer(router(), request(line, &[], None)).await;
            got.assert_problem(500, "internal_error", &format!("{line} without a guard"));
        }
    }

    fn rows(&self) -> [Row<'_>; 4] {
        [
            Row {
                line: "GET /health",
                status: 200,
                member: "service",
                value: self.service,
            },
            Row {
                line: "GET /openapi.json",
                status: 200,
                member: "openapi",
                value: "3.1.0",
            },
            Row {
                line: self.unknown_path,
                status: 404,
                member: "reason",
                value: "route_not_found",
            },
            Row {
                line: self.other_method,
                status: 405,
                member: "reason",
                value: "method_not_allowed",
            },
        ]
    }
}
