//! Tokens and their permissions.

use axum::body::Body;
use http::{Request, header};

use super::{ADA, CONTOSO, Fixture, Graph, Value, claims, delegated, json};
use crate::fixture::{DIRECTORY, NO_RIGHTS, with};

#[tokio::test]
async fn token_for_another_audience_is_refused() {
    struct Case {
        name: &'static str,
        header: Value,
        changed: Value,
        status: u16,
        message: &'static str,
    }

    let mut graph = Graph::with_scopes("").await;
    for Case {
        name,
        header,
        changed,
        status,
        message,
    } in [
        Case {
            name: "URI with a slash",
            header: json!({}),
            changed: json!({"aud": "https://graph.microsoft.com/"}),
            status: 200,
            message: "",
        },
        Case {
            name: "application id",
            header: json!({}),
            changed: json!({"aud": "00000003-0000-0000-c000-000000000000"}),
            status: 200,
            message: "",
        },
        Case {
            name: "public URL",
            header: json!({}),
            changed: json!({"aud": "https://localhost:8443"}),
            status: 200,
            message: "",
        },
        Case {
            name: "another API",
            header: json!({}),
            changed: json!({"aud": "api://3a5c0001-0000-4000-8000-000000000001"}),
            status: 401,
            message: "Invalid audience",
        },
        Case {
            name: "expired",
            header: json!({}),
            changed: json!({"exp": 1}),
            status: 401,
            message: "expired",
        },
        Case {
            name: "unknown key",
            header: json!({"kid": "other"}),
            changed: json!({}),
            status: 401,
            message: "Signature",
        },
        Case {
            name: "without permission",
            header: json!({}),
            changed: json!({"scp": "User.Read"}),
            status: 403,
            message: "Insufficient privileges",
        },
    ] {
        let mut claims = json!({
            "aud": "https://graph.microsoft.com", "tid": CONTOSO, "oid": ADA,
            "scp": "User.Read.All", "nbf": 0, "exp": 99_999_999_999_i64,
        });
        for (claim, value) in changed.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        graph.token = graph.fixture.signed(header, claims).await;
        let (actual, body) = graph.get("/users").await;
        assert_eq!(actual.as_u16(), status, "{name}: {body}");
        let text = body["error"]["message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "{name}: {body}");
    }
}

#[tokio::test]
async fn error_has_the_form_of_graph() {
    let fixture = Fixture::new();
    let id = "7b2a1f0e-0000-4000-8000-000000000001";
    let request = Request::get("/v1.0/me").header("client-request-id", id);
    let response = fixture.respond(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["client-request-id"], id);
    assert!(response.headers().contains_key("request-id"));
    assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    let (_, body) = fixture.get("/v1.0/me").await;
    let error = &body["error"];
    assert_eq!(error["code"], "InvalidAuthenticationToken");
    assert_eq!(error["message"], "Access token is empty.");
    let inner = error["innerError"].as_object().unwrap();
    let names: Vec<&str> = inner.keys().map(String::as_str).collect();
    assert_eq!(names, ["client-request-id", "date", "request-id"]);
}

/// Operations of each kind, with the scopes that allow it and one that does not.
#[tokio::test]
async fn operation_needs_its_permission() {
    struct Case {
        method: &'static str,
        path: &'static str,
        allowed: &'static [&'static str],
        denied: &'static str,
    }

    let mut graph = Graph::with_scopes("").await;
    for Case {
        method,
        path,
        allowed,
        denied,
    } in [
        Case {
            method: "GET",
            path: "/me",
            allowed: &["User.Read", "User.Read.All", "Directory.Read.All"],
            denied: "Group.Read.All",
        },
        Case {
            method: "GET",
            path: "/users",
            allowed: &["User.Read.All", "Directory.Read.All"],
            denied: "User.Read",
        },
        Case {
            method: "GET",
            path: "/groups",
            allowed: &["Group.Read.All", "GroupMember.Read.All"],
            denied: "User.Read.All",
        },
        Case {
            method: "GET",
            path: "/me/memberOf",
            allowed: &["User.Read", "Group.Read.All"],
            denied: "Application.Read.All",
        },
        Case {
            method: "GET",
            path: "/users/eddie.editor@contoso.example/memberOf",
            allowed: &["Group.Read.All"],
            denied: "User.Read",
        },
        Case {
            method: "GET",
            path: "/applications",
            allowed: &["Application.Read.All", "Application.ReadWrite.All"],
            denied: "User.Read.All",
        },
        Case {
            method: "POST",
            path: "/applications",
            allowed: &["Application.ReadWrite.All"],
            denied: "Application.Read.All",
        },
        Case {
            method: "GET",
            path: "/oauth2PermissionGrants",
            allowed: &[
                "DelegatedPermissionGrant.ReadWrite.All",
                "Directory.Read.All",
            ],
            denied: "User.Read",
        },
        Case {
            method: "POST",
            path: "/oauth2PermissionGrants",
            allowed: &["DelegatedPermissionGrant.ReadWrite.All"],
            denied: "Application.ReadWrite.All",
        },
        Case {
            method: "POST",
            path: "/servicePrincipals/cccccccc-0001-4000-8000-000000000001/appRoleAssignedTo",
            allowed: &["AppRoleAssignment.ReadWrite.All"],
            denied: "Application.ReadWrite.All",
        },
    ] {
        for scope in allowed {
            graph.token = delegated(&graph.fixture, CONTOSO, scope).await;
            let (status, body) = graph.send(method, path, None).await;
            assert_ne!(status, 403, "{method} {path} with {scope}: {body}");
        }
        graph.token = delegated(&graph.fixture, CONTOSO, denied).await;
        let body = graph.expect(403, method, path, None).await;
        assert_eq!(
            body["error"]["code"], "Authorization_RequestDenied",
            "{path}"
        );
    }
}

#[tokio::test]
async fn granted_app_role_is_in_the_token_and_allows() {
    let directory = DIRECTORY.replace(
        "secrets: [no-rights-secret]",
        "secrets: [no-rights-secret]\n    grants: { graph: { roles: [User.Read.All] } }",
    );
    let fixture = Fixture::with_directory(&directory);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", NO_RIGHTS),
        ("client_secret", "no-rights-secret"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let roles = &claims(&fixture, &form).await["roles"];
    assert_eq!(roles, &json!(["User.Read.All"]));
    // Clients with one setting for both request a token for the URL.
    let form = with(&form, "scope", "https://localhost:8443//.default");
    let (_, reply) = fixture.token(CONTOSO, &form).await;
    let graph = Graph {
        token: reply["access_token"].as_str().unwrap().to_owned(),
        fixture,
    };
    graph.expect(200, "GET", "/users", None).await;
    graph.expect(403, "GET", "/applications", None).await;
    let error = graph.expect(400, "GET", "/me", None).await;
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("delegated"), "{message}");
}
