//! A service is provisioned from nothing, as a script does it.

use super::{ADA, ALL, CONTOSO, Graph, claims, json};
use crate::fixture::{TASK_API, password_form, with};

#[tokio::test]
async fn new_application_signs_in_with_its_secret_until_that_is_removed() {
    let graph = Graph::with_scopes(ALL).await;
    let body = json!({"displayName": "new"});
    let created = graph
        .expect(201, "POST", "/applications", Some(&body))
        .await;
    let app_id = created["appId"].as_str().unwrap();
    assert_ne!(created["id"], created["appId"]);
    let path = format!("/applications/{}", created["id"].as_str().unwrap());
    let body = json!({"passwordCredential": {"displayName": "ci"}});
    let add = format!("{path}/addPassword");
    let secret = graph.expect(200, "POST", &add, Some(&body)).await;
    let text = secret["secretText"].as_str().unwrap();
    let shown = graph.expect(200, "GET", &path, None).await;
    let shown = &shown["passwordCredentials"][0];
    assert_eq!(shown["hint"], text[..3]);
    assert!(shown["secretText"].is_null(), "it is shown once");

    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app_id),
        ("client_secret", text),
        (
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/.default",
        ),
    ];
    let (_, refused) = graph.fixture.token(CONTOSO, &form).await;
    assert_eq!(
        refused["error_codes"],
        json!([700_016]),
        "no service principal"
    );
    let body = json!({"appId": app_id});
    let principals = "/servicePrincipals";
    let principal = graph.expect(201, "POST", principals, Some(&body)).await;
    graph.expect(409, "POST", principals, Some(&body)).await;
    assert_ne!(principal["id"], created["id"]);
    assert_eq!(claims(&graph.fixture, &form).await["oid"], principal["id"]);

    let body = json!({"keyId": secret["keyId"]});
    let remove = format!("{path}/removePassword");
    graph.expect(204, "POST", &remove, Some(&body)).await;
    graph.expect(400, "POST", &remove, Some(&body)).await;
    let (_, refused) = graph.fixture.token(CONTOSO, &form).await;
    assert_eq!(refused["error"], "invalid_client", "{refused}");
}

#[tokio::test]
async fn new_resource_has_scopes_and_roles() {
    let graph = Graph::with_scopes(ALL).await;
    let role = "dddddddd-0002-4000-8000-000000000002";
    let body = json!({
        "displayName": "orders",
        "identifierUris": ["api://orders", "https://orders.contoso.example"],
        "signInAudience": "AzureADMyOrg",
        "api": {
            "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes": [{
                "id": "dddddddd-0001-4000-8000-000000000001", "value": "Orders.Read",
                "type": "Admin", "isEnabled": true,
            }],
        },
        "appRoles": [{
            "id": role, "allowedMemberTypes": ["User"], "value": "Buyer", "displayName": "Buyer",
            "description": "Buys", "isEnabled": true,
        }],
        "requiredResourceAccess": [{
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}],
        }],
    });
    let created = graph
        .expect(201, "POST", "/applications", Some(&body))
        .await;
    let body = json!({"appId": created["appId"]});
    let resource = graph
        .expect(201, "POST", "/servicePrincipals", Some(&body))
        .await;
    let consent = json!({
        "clientId": "cccccccc-0004-4000-8000-000000000004", "consentType": "AllPrincipals",
        "resourceId": resource["id"], "scope": "Orders.Read",
    });
    graph
        .expect(201, "POST", "/oauth2PermissionGrants", Some(&consent))
        .await;
    let assignment = json!({
        "principalId": ADA, "resourceId": resource["id"], "appRoleId": role,
    });
    let path = format!("/users/{ADA}/appRoleAssignments");
    graph.expect(201, "POST", &path, Some(&assignment)).await;
    for uri in ["api://orders", "https://orders.contoso.example"] {
        let scope = format!("{uri}/Orders.Read");
        let form = password_form();
        let claims = claims(&graph.fixture, &with(&form, "scope", &scope)).await;
        assert_eq!(claims["aud"], created["appId"], "{uri}");
        assert_eq!(claims["scp"], "Orders.Read");
        assert_eq!(claims["roles"], json!(["Buyer"]));
    }
}

#[tokio::test]
async fn deleted_application_gets_no_tokens() {
    let graph = Graph::with_scopes(ALL).await;
    let path = format!("/applications(appId='{TASK_API}')");
    assert_eq!(
        claims(&graph.fixture, &password_form()).await["aud"],
        TASK_API
    );
    graph.expect(204, "DELETE", &path, None).await;
    let (_, after) = graph.fixture.token(CONTOSO, &password_form()).await;
    assert_eq!(after["error"], "invalid_resource", "{after}");
    let path = format!("/users/{ADA}/appRoleAssignments");
    let assignments = graph.expect(200, "GET", &path, None).await;
    assert_eq!(assignments["value"], json!([]), "they go with it");
}

#[tokio::test]
async fn disabled_service_principal_gets_no_tokens() {
    let graph = Graph::with_scopes(ALL).await;
    let path = format!("/servicePrincipals(appId='{TASK_API}')");
    for (enabled, status) in [(false, 400), (true, 200)] {
        let change = json!({"accountEnabled": enabled, "appRoleAssignmentRequired": true});
        graph.expect(204, "PATCH", &path, Some(&change)).await;
        let (actual, reply) = graph.fixture.token(CONTOSO, &password_form()).await;
        assert_eq!(actual.as_u16(), status, "{reply}");
    }
    let read_only = json!({"displayName": "x"});
    graph.expect(400, "PATCH", &path, Some(&read_only)).await;
}
