//! Registrations: what can be written, and what is refused.

use super::{ALL, Graph, Value, json};

const SCOPE: &str = "dddddddd-0001-4000-8000-000000000001";

fn with_scope(is_enabled: bool, value: &str) -> Value {
    json!({"api": {"oauth2PermissionScopes": [{
        "id": SCOPE, "value": value, "type": "User", "isEnabled": is_enabled,
        "adminConsentDisplayName": "Read", "adminConsentDescription": "Read all",
    }]}})
}

#[tokio::test]
async fn application_rejects_what_entra_rejects() {
    let graph = Graph::with_scopes(ALL).await;
    for (name, wrong, part) in [
        ("no name", json!({"displayName": ""}), "displayName"),
        ("unknown property", json!({"colour": 1}), "'colour'"),
        (
            "wrong type",
            json!({"web": {"redirectUris": 1}}),
            "sequence",
        ),
        ("read-only property", json!({"appId": "x"}), "read-only"),
        (
            "secret",
            json!({"passwordCredentials": [{}]}),
            "addPassword",
        ),
        ("audience", json!({"signInAudience": "All"}), "AzureADMyOrg"),
        (
            "http redirect URI",
            json!({"web": {"redirectUris": ["http://app.example/"]}}),
            "https",
        ),
        (
            "identifier URI in use",
            json!({"identifierUris": ["api://3a5c0001-0000-4000-8000-000000000001"]}),
            "already exists",
        ),
        ("identifier URI", json!({"identifierUris": ["x"]}), "api://"),
        (
            "token version",
            json!({"api": {"requestedAccessTokenVersion": 3}}),
            "1, 2",
        ),
        (
            "pre-authorized scope",
            json!({"api": {"preAuthorizedApplications": [
                {"appId": SCOPE, "delegatedPermissionIds": [SCOPE]},
            ]}}),
            "preAuthorizedApplications",
        ),
    ] {
        let mut body = json!({"displayName": "a"});
        for (property, value) in wrong.as_object().unwrap() {
            body[property] = value.clone();
        }
        let answer = graph
            .expect(400, "POST", "/applications", Some(&body))
            .await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{name}: {message}");
    }
    graph.expect(405, "PUT", "/applications", None).await;
}

#[tokio::test]
async fn update_changes_members_of_complex_properties() {
    let graph = Graph::with_scopes(ALL).await;
    let body = json!({"displayName": "a", "web": {"redirectUris": ["https://a.example/"]}});
    let created = graph
        .expect(201, "POST", "/applications", Some(&body))
        .await;
    let path = format!("/applications/{}", created["id"].as_str().unwrap());
    let change = json!({
        "web": {"homePageUrl": "https://a.example"}, "notes": "n", "displayName": "b",
        "id": created["id"],
    });
    graph.expect(204, "PATCH", &path, Some(&change)).await;
    let now = graph.expect(200, "GET", &path, None).await;
    assert_eq!(now["displayName"], "b");
    assert_eq!(now["notes"], "n");
    assert_eq!(now["web"]["redirectUris"], json!(["https://a.example/"]));
    assert_eq!(now["web"]["homePageUrl"], "https://a.example");
    let change = json!({"notes": null});
    graph.expect(204, "PATCH", &path, Some(&change)).await;
    let selected = format!("{path}?$select=notes,tags");
    let now = graph.expect(200, "GET", &selected, None).await;
    assert_eq!((&now["notes"], &now["tags"]), (&Value::Null, &json!([])));
    graph.expect(204, "DELETE", &path, None).await;
    graph.expect(404, "GET", &path, None).await;
    graph.expect(404, "PATCH", &path, Some(&change)).await;
}

#[tokio::test]
async fn enabled_scope_is_disabled_before_it_goes() {
    let graph = Graph::with_scopes(ALL).await;
    let mut body = with_scope(true, "Read");
    body["displayName"] = json!("a");
    let created = graph
        .expect(201, "POST", "/applications", Some(&body))
        .await;
    let path = format!("/applications/{}", created["id"].as_str().unwrap());
    let none = json!({"api": {"oauth2PermissionScopes": []}});
    for change in [&none, &with_scope(true, "Write")] {
        let answer = graph.expect(400, "PATCH", &path, Some(change)).await;
        let code = &answer["error"]["code"];
        assert_eq!(code, "CannotDeleteOrUpdateEnabledEntitlement");
    }
    for change in [
        &with_scope(false, "Read"),
        &with_scope(false, "Write"),
        &none,
    ] {
        graph.expect(204, "PATCH", &path, Some(change)).await;
    }
}

#[tokio::test]
async fn federated_credentials_are_unique() {
    let graph = Graph::with_scopes(ALL).await;
    let path = "/applications(appId='3a5c0005-0000-4000-8000-000000000005')\
                /federatedIdentityCredentials";
    let credential = json!({
        "name": "pod", "issuer": "https://cluster.example", "subject": "s",
        "audiences": ["api://AzureADTokenExchange"],
    });
    let created = graph.expect(201, "POST", path, Some(&credential)).await;
    let mut same = credential.clone();
    same["name"] = json!("other");
    graph.expect(409, "POST", path, Some(&same)).await;
    same["audiences"] = json!([]);
    graph.expect(400, "POST", path, Some(&same)).await;
    let one = format!("{path}/pod");
    let change = json!({"subject": "t"});
    graph.expect(204, "PATCH", &one, Some(&change)).await;
    let now = graph.expect(200, "GET", &one, None).await;
    assert_eq!((&now["id"], &now["subject"]), (&created["id"], &json!("t")));
    graph.expect(204, "DELETE", &one, None).await;
    graph.expect(404, "GET", &one, None).await;
}
