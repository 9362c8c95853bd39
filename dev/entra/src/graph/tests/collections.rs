//! Reads: `$filter`, `$select` and paging.

use super::{ADA, ALL, CONTOSO, Graph, Value, delegated, json};
use crate::fixture::{FABRIKAM, TASK_API};

fn names(body: &Value, property: &str) -> Vec<String> {
    let objects = body["value"].as_array().unwrap_or_else(|| panic!("{body}"));
    objects
        .iter()
        .map(|object| object[property].as_str().unwrap_or("").to_owned())
        .collect()
}

#[tokio::test]
async fn filter_selects_objects() {
    struct Case {
        path: &'static str,
        filter: &'static str,
        found: &'static [&'static str],
    }

    let graph = Graph::with_scopes(ALL).await;
    for Case {
        path,
        filter,
        found,
    } in [
        Case {
            path: "/users",
            filter: "userPrincipalName eq 'ADA.ADMIN@contoso.example'",
            found: &["Ada Admin"],
        },
        Case {
            path: "/users",
            filter: "startswith(displayName,'e') and accountEnabled eq true",
            found: &["Eddie Editor"],
        },
        Case {
            path: "/users",
            filter: "displayName in ('Ada Admin', 'Mallory', 'O''Hara')",
            found: &["Ada Admin"],
        },
        Case {
            path: "/applications",
            filter: "appId eq '3a5c0001-0000-4000-8000-000000000001'",
            found: &["task-api"],
        },
        Case {
            path: "/applications",
            filter: "identifierUris/any(u:u eq 'api://3a5c0003-0000-4000-8000-000000000003')",
            found: &["audit"],
        },
        Case {
            path: "/servicePrincipals",
            filter: "servicePrincipalNames/any(c:c eq 'https://graph.microsoft.com')",
            found: &["Microsoft Graph"],
        },
        Case {
            path: "/servicePrincipals",
            filter: "id eq cccccccc-0002-4000-8000-000000000002",
            found: &["notification"],
        },
    ] {
        let query = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect::<String>();
        let path = format!("{path}?$filter={query}");
        let body = graph.expect(200, "GET", &path, None).await;
        assert_eq!(names(&body, "displayName"), found, "{path}");
    }
}

#[tokio::test]
async fn unsupported_query_is_a_bad_request() {
    let graph = Graph::with_scopes(ALL).await;
    for (query, code) in [
        ("$filter=jobTitle+eq+'x'", "Request_UnsupportedQuery"),
        ("$filter=displayName+ne+'x'", "BadRequest"),
        (
            "$filter=displayName+eq+'x'+or+displayName+eq+'y'",
            "BadRequest",
        ),
        ("$filter=displayName+eq+'x", "BadRequest"),
        ("$filter=displayName+eq+x", "BadRequest"),
        ("$filter=", "BadRequest"),
        ("$orderby=displayName", "BadRequest"),
        ("$select=nothing", "BadRequest"),
        ("$top=0", "Request_BadRequest"),
        ("$top=1000", "Request_BadRequest"),
        ("$skiptoken=*", "Request_BadRequest"),
    ] {
        let path = format!("/users?{query}");
        let body = graph.expect(400, "GET", &path, None).await;
        assert_eq!(body["error"]["code"], code, "{query}: {body}");
    }
}

#[tokio::test]
async fn pages_have_each_object_once() {
    let graph = Graph::with_scopes(ALL).await;
    let mut path = "/users?$top=3&$select=id,displayName&$count=true".to_owned();
    let mut ids = Vec::new();
    let mut pages = 0;
    loop {
        let body = graph.expect(200, "GET", &path, None).await;
        pages += 1;
        assert_eq!(body["@odata.count"], 7, "{body}");
        assert_eq!(
            body["@odata.context"],
            "https://localhost:8443/v1.0/$metadata#users(id,displayName)"
        );
        ids.extend(names(&body, "id"));
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        let below = next.strip_prefix("https://localhost:8443/v1.0");
        below.unwrap().clone_into(&mut path);
    }
    let mut unique = ids.clone();
    unique.dedup();
    assert_eq!((pages, ids.len()), (3, 7), "{ids:?}");
    assert_eq!(unique, ids);
}

#[tokio::test]
async fn count_is_a_number() {
    let graph = Graph::with_scopes(ALL).await;
    assert_eq!(graph.expect(200, "GET", "/users/$count", None).await, 7);
}

#[tokio::test]
async fn object_is_found_by_each_of_its_keys() {
    let graph = Graph::with_scopes(&format!("{ALL} User.Read")).await;
    let by_app_id = format!("/applications(appId='{TASK_API}')");
    let application = graph.expect(200, "GET", &by_app_id, None).await;
    let id = application["id"].as_str().unwrap();
    assert_ne!(id, TASK_API, "object id and client id differ");
    assert_eq!(application["api"]["requestedAccessTokenVersion"], 2);
    let secret = &application["passwordCredentials"][0];
    assert_eq!(
        (&secret["hint"], &secret["secretText"]),
        (&json!("tas"), &Value::Null)
    );
    let path = format!("/applications/{id}");
    assert_eq!(graph.expect(200, "GET", &path, None).await, application);
    for (path, property, value) in [
        (
            format!("/servicePrincipals(appId='{TASK_API}')"),
            "appDisplayName",
            "task-api",
        ),
        ("/users/ada.admin@contoso.example".to_owned(), "id", ADA),
        (format!("/users/{ADA}"), "givenName", "Ada"),
        (
            "/me?$select=userPrincipalName".to_owned(),
            "userPrincipalName",
            "ada.admin@contoso.example",
        ),
    ] {
        let body = graph.expect(200, "GET", &path, None).await;
        assert_eq!(body[property], value, "{path}: {body}");
    }
    for path in [
        "/users/nobody@contoso.example",
        "/applications/1",
        "/me/manager",
        "/devices",
    ] {
        let (status, body) = graph.get(path).await;
        assert!(status.is_client_error(), "{path}: {body}");
    }
}

#[tokio::test]
async fn tenant_sees_its_own_objects_only() {
    let mut graph = Graph::with_scopes("").await;
    graph.token = delegated(&graph.fixture, FABRIKAM, ALL).await;
    let users = graph.expect(200, "GET", "/users", None).await;
    assert_eq!(names(&users, "displayName"), ["Mallory", "Gail Guest"]);
    let applications = graph.expect(200, "GET", "/applications", None).await;
    assert!(names(&applications, "displayName").is_empty());
    let principals = graph.expect(200, "GET", "/servicePrincipals", None).await;
    let mut seen = names(&principals, "displayName");
    seen.sort();
    assert_eq!(
        seen,
        ["AzureADTokenExchange", "Microsoft Graph", "task-api", "web"]
    );
    let path = "/servicePrincipals/cccccccc-0001-4000-8000-000000000001";
    graph.expect(403, "DELETE", path, None).await;
    graph.token = delegated(&graph.fixture, CONTOSO, ALL).await;
    graph.expect(204, "DELETE", path, None).await;
}
