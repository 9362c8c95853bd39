//! A changed permission shows in the next token.

use super::{ADA, ALL, CONTOSO, Graph, claims, json};
use crate::fixture::{AUDIT, NO_RIGHTS, TASK_API, credentials_form, obo_form, password_form, with};

const TASK_API_PRINCIPAL: &str = "cccccccc-0001-4000-8000-000000000001";
const AUDIT_PRINCIPAL: &str = "cccccccc-0003-4000-8000-000000000003";
const WEB_PRINCIPAL: &str = "cccccccc-0004-4000-8000-000000000004";
const NO_RIGHTS_PRINCIPAL: &str = "cccccccc-0005-4000-8000-000000000005";

/// The id of an app role.
async fn role(graph: &Graph, app_id: &str, name: &str) -> String {
    let path = format!("/servicePrincipals(appId='{app_id}')");
    let principal = graph.expect(200, "GET", &path, None).await;
    let mut roles = principal["appRoles"].as_array().unwrap().iter();
    let role = roles.find(|role| role["value"] == name).unwrap();
    role["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn assigned_app_role_appears_and_disappears() {
    let graph = Graph::with_scopes(ALL).await;
    let form = credentials_form(NO_RIGHTS, "no-rights-secret");
    let body = json!({
        "principalId": NO_RIGHTS_PRINCIPAL, "resourceId": AUDIT_PRINCIPAL,
        "appRoleId": role(&graph, AUDIT, "AuditLog.Write").await,
    });
    let path = format!("/servicePrincipals/{NO_RIGHTS_PRINCIPAL}/appRoleAssignments");
    let created = graph.expect(201, "POST", &path, Some(&body)).await;
    assert_eq!(created["principalType"], "ServicePrincipal");
    let roles = &claims(&graph.fixture, &form).await["roles"];
    assert_eq!(roles, &json!(["AuditLog.Write"]));
    graph.expect(400, "POST", &path, Some(&body)).await;

    let on_resource = format!("/servicePrincipals/{AUDIT_PRINCIPAL}/appRoleAssignedTo");
    let one = format!("{on_resource}/{}", created["id"].as_str().unwrap());
    graph.expect(204, "DELETE", &one, None).await;
    assert!(claims(&graph.fixture, &form).await.get("roles").is_none());
    graph.expect(404, "DELETE", &one, None).await;
}

#[tokio::test]
async fn role_of_a_user_can_be_taken_away() {
    let graph = Graph::with_scopes(ALL).await;
    let path = format!("/users/{ADA}/appRoleAssignments");
    let assignments = graph.expect(200, "GET", &path, None).await;
    let one = format!("{path}/{}", assignments["value"][0]["id"].as_str().unwrap());
    graph.expect(204, "DELETE", &one, None).await;
    let claims = claims(&graph.fixture, &password_form()).await;
    assert!(claims.get("roles").is_none(), "{claims}");
}

#[tokio::test]
async fn role_that_does_not_allow_the_principal_is_refused() {
    let graph = Graph::with_scopes(ALL).await;
    let admin = role(&graph, TASK_API, "Admin").await;
    let path = format!("/servicePrincipals/{TASK_API_PRINCIPAL}/appRoleAssignedTo");
    let default_access = "00000000-0000-0000-0000-000000000000";
    for (name, principal, role) in [
        ("role of users", NO_RIGHTS_PRINCIPAL, admin.as_str()),
        ("unknown role", ADA, AUDIT_PRINCIPAL),
        ("default access beside roles", ADA, default_access),
    ] {
        let body = json!({
            "principalId": principal, "resourceId": TASK_API_PRINCIPAL, "appRoleId": role,
        });
        let (status, answer) = graph.send("POST", &path, Some(&body)).await;
        assert_eq!(status, 400, "{name}: {answer}");
    }
}

#[tokio::test]
async fn consent_works_at_once_and_ends_at_once() {
    let graph = Graph::with_scopes(ALL).await;
    let form = password_form();
    let path = "/oauth2PermissionGrants";
    let filter = format!(
        "{path}?$filter=clientId+eq+'{WEB_PRINCIPAL}'+and+resourceId+eq+'{TASK_API_PRINCIPAL}'"
    );
    let grants = graph.expect(200, "GET", &filter, None).await;
    let grant = &grants["value"][0];
    assert_eq!(grant["scope"], "access_as_user");
    let one = format!("{path}/{}", grant["id"].as_str().unwrap());
    graph.expect(204, "DELETE", &one, None).await;
    let (_, refused) = graph.fixture.token(CONTOSO, &form).await;
    assert_eq!(refused["error_codes"], json!([65001]), "{refused}");

    for (kind, user) in [("AllPrincipals", None), ("Principal", Some(ADA))] {
        let body = json!({
            "clientId": WEB_PRINCIPAL, "consentType": kind, "principalId": user,
            "resourceId": TASK_API_PRINCIPAL, "scope": "access_as_user",
        });
        let created = graph.expect(201, "POST", path, Some(&body)).await;
        graph.expect(409, "POST", path, Some(&body)).await;
        let claims = claims(&graph.fixture, &form).await;
        assert_eq!(claims["scp"], "access_as_user", "{kind}");
        let one = format!("{path}/{}", created["id"].as_str().unwrap());
        graph.expect(204, "DELETE", &one, None).await;
        let (status, _) = graph.fixture.token(CONTOSO, &form).await;
        assert_eq!(status, 400, "{kind}");
    }
}

#[tokio::test]
async fn consent_without_a_scope_of_the_resource_is_refused() {
    let graph = Graph::with_scopes(ALL).await;
    for (name, kind, scope) in [
        ("unknown scope", "AllPrincipals", "unknown"),
        ("no scope", "AllPrincipals", ""),
        ("no user", "Principal", "access_as_user"),
    ] {
        let body = json!({
            "clientId": NO_RIGHTS_PRINCIPAL, "consentType": kind, "principalId": null,
            "resourceId": TASK_API_PRINCIPAL, "scope": scope,
        });
        let (status, answer) = graph
            .send("POST", "/oauth2PermissionGrants", Some(&body))
            .await;
        assert_eq!(status, 400, "{name}: {answer}");
    }
}

#[tokio::test]
async fn pre_authorized_client_needs_no_consent() {
    let graph = Graph::with_scopes(ALL).await;
    let path = "/applications(appId='3a5c0006-0000-4000-8000-000000000006')";
    let other_api = graph.expect(200, "GET", path, None).await;
    let scope = &other_api["api"]["oauth2PermissionScopes"][0]["id"];
    let token = graph.fixture.user_token().await;
    let wanted = "api://3a5c0006-0000-4000-8000-000000000006/Other.Read";
    let form = obo_form(&token);
    let form = with(&form, "scope", wanted);
    let (status, _) = graph.fixture.token(CONTOSO, &form).await;
    assert_eq!(status, 400, "without consent");
    let change = json!({"api": {"preAuthorizedApplications": [
        {"appId": TASK_API, "delegatedPermissionIds": [scope]},
    ]}});
    graph.expect(204, "PATCH", path, Some(&change)).await;
    assert_eq!(claims(&graph.fixture, &form).await["scp"], "Other.Read");
}

#[tokio::test]
async fn optional_claim_and_token_version_change_the_token() {
    let graph = Graph::with_scopes(ALL).await;
    let path = format!("/applications(appId='{AUDIT}')");
    let form = credentials_form(NO_RIGHTS, "no-rights-secret");
    let before = claims(&graph.fixture, &form).await;
    assert_eq!(
        (&before["ver"], &before["idtyp"]),
        (&json!("2.0"), &json!("app"))
    );
    let change = json!({"api": {"requestedAccessTokenVersion": null}, "optionalClaims": null});
    graph.expect(204, "PATCH", &path, Some(&change)).await;
    let after = claims(&graph.fixture, &form).await;
    assert_eq!(after["ver"], "1.0");
    assert!(after.get("idtyp").is_none());
    assert_eq!(after["aud"], "api://3a5c0003-0000-4000-8000-000000000003");
}

#[tokio::test]
async fn default_access_is_an_assignment_without_a_role() {
    let graph = Graph::with_scopes(ALL).await;
    let is_assigned = || {
        let entra = graph.fixture.live.entra();
        let directory = &entra.directory;
        let user = directory
            .user_named(None, "ada.admin@contoso.example")
            .unwrap();
        user.is_assigned_to(directory.application(AUDIT).unwrap())
    };
    assert!(!is_assigned());
    let body = json!({
        "principalId": ADA, "resourceId": AUDIT_PRINCIPAL,
        "appRoleId": "00000000-0000-0000-0000-000000000000",
    });
    let path = format!("/servicePrincipals/{AUDIT_PRINCIPAL}/appRoleAssignedTo");
    let created = graph.expect(201, "POST", &path, Some(&body)).await;
    assert!(is_assigned());
    let one = format!("{path}/{}", created["id"].as_str().unwrap());
    graph.expect(204, "DELETE", &one, None).await;
    assert!(!is_assigned());
}
