//! Managed identities and the claims that a registration chooses.

use super::{ADA, ALL, CONTOSO, Fixture, Graph, claims, delegated, json};
use crate::fixture::{AUDIT, DIRECTORY, NO_RIGHTS, TASK_API, credentials_form, password_form};

const WORKER: &str = "/servicePrincipals/cccccccc-0008-4000-8000-000000000008";

#[tokio::test]
async fn managed_identity_is_a_service_principal_without_registration() {
    let graph = Graph::with_scopes(ALL).await;
    let principal = graph.expect(200, "GET", WORKER, None).await;
    assert_eq!(principal["servicePrincipalType"], "ManagedIdentity");
    let path = format!("{WORKER}/appRoleAssignments");
    let assignments = graph.expect(200, "GET", &path, None).await;
    assert_eq!(assignments["value"].as_array().unwrap().len(), 1);
    let filter = "/applications?$filter=displayName+eq+'worker'";
    let found = graph.expect(200, "GET", filter, None).await;
    assert_eq!(found["value"], json!([]));
}

#[tokio::test]
async fn deleted_role_of_a_managed_identity_is_not_in_its_token() {
    let graph = Graph::with_scopes(ALL).await;
    let token = || async {
        let request = http::Request::get(format!(
            "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api://{AUDIT}"
        ))
        .header("metadata", "true")
        .body(axum::body::Body::empty());
        let (status, reply) = graph.fixture.send(request.unwrap()).await;
        assert_eq!(status, 200, "{reply}");
        crate::fixture::decode(&reply["access_token"]).1
    };
    assert_eq!(token().await["roles"], json!(["AuditLog.Write"]));
    let path = format!("{WORKER}/appRoleAssignments");
    let assignments = graph.expect(200, "GET", &path, None).await;
    let id = assignments["value"][0]["id"].as_str().unwrap();
    let one = format!("{path}/{id}");
    graph.expect(204, "DELETE", &one, None).await;
    assert!(token().await.get("roles").is_none());
}

#[tokio::test]
async fn optional_claims_of_a_registration_are_in_its_tokens() {
    let graph = Graph::with_scopes(ALL).await;
    let path = format!("/applications(appId='{TASK_API}')");
    let body = json!({"optionalClaims": {"accessToken": [
        {"name": "acct"},
        {"name": "idtyp", "additionalProperties": ["include_user_token"]},
        {"name": "ipaddr"},
    ]}});
    graph.expect(204, "PATCH", &path, Some(&body)).await;
    let with_claims = claims(&graph.fixture, &password_form()).await;
    assert_eq!(with_claims["acct"], 0);
    assert_eq!(with_claims["idtyp"], "user");
    let shown = graph.expect(200, "GET", &path, None).await;
    let shown = &shown["optionalClaims"]["accessToken"];
    assert_eq!(shown[2]["name"], "ipaddr", "{shown}");
    let body = json!({"optionalClaims": null});
    graph.expect(204, "PATCH", &path, Some(&body)).await;
    let without = claims(&graph.fixture, &password_form()).await;
    for claim in ["acct", "idtyp"] {
        assert!(without.get(claim).is_none(), "{claim}: {without}");
    }
}

#[tokio::test]
async fn fields_of_the_file_survive_an_unrelated_change() {
    let text = DIRECTORY.replace(
        "secrets: [no-rights-secret]",
        "secrets: [{value: no-rights-secret, expires: 2020-01-01}]",
    );
    assert_ne!(text, DIRECTORY);
    let fixture = Fixture::with_directory(&text);
    let token = delegated(&fixture, CONTOSO, ALL).await;
    let graph = Graph { fixture, token };
    let before = format!("{:?}", graph.fixture.live.entra().directory.applications());
    let form = credentials_form(NO_RIGHTS, "no-rights-secret");
    let expired = graph.fixture.token(CONTOSO, &form).await;
    assert_eq!(
        expired.1["error_codes"],
        json!([7_000_222]),
        "{}",
        expired.1
    );

    let path = format!("/users/{ADA}/appRoleAssignments");
    let assignments = graph.expect(200, "GET", &path, None).await;
    let id = assignments["value"][0]["id"].as_str().unwrap();
    let one = format!("{path}/{id}");
    graph.expect(204, "DELETE", &one, None).await;
    let directory = &graph.fixture.live.entra().directory;
    let mut after: Vec<String> = directory
        .applications()
        .iter()
        .map(|application| format!("{application:?}"))
        .collect();
    after.retain(|application| !before.contains(application.as_str()));
    assert!(after.is_empty(), "{after:#?}");
    assert_eq!(directory.groups().len(), 201);
    let still = graph.fixture.token(CONTOSO, &form).await;
    assert_eq!(still.1["error_codes"], json!([7_000_222]), "{}", still.1);
}
