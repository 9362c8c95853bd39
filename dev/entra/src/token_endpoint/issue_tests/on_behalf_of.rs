//! The tokens of the on-behalf-of grant.

use http::StatusCode;
use serde_json::{Value, json};

use super::{TASK_API_URI, assert_claims, claims};
use crate::fixture::{
    ADA, CONTOSO, DIRECTORY, FABRIKAM, Fixture, NOTIFICATION, TASK_API, decode, obo_form,
    password_form, with,
};

#[tokio::test]
async fn on_behalf_of_keeps_the_user_and_changes_audience_and_client() {
    let text = DIRECTORY
        .replacen(
            "roles: { task-api: [Admin] }",
            "roles: { task-api: [Admin], notification: [Sender] }",
            1,
        )
        .replacen(
            "    scopes: [Notify.Send]\n",
            "    scopes: [Notify.Send]\n    roles: { Sender: [users] }\n",
            1,
        );
    let fixture = Fixture::with_directory(&text);
    let assertion = fixture.user_token().await;
    let claims = claims(&fixture, &obo_form(&assertion)).await;
    assert_claims(
        &claims,
        &json!({
            "aud": NOTIFICATION, "azp": TASK_API, "azpacr": "1", "oid": ADA, "tid": CONTOSO,
            "name": "Ada Admin",
            "scp": "Notify.Send", "roles": ["Sender"], "ver": "2.0",
        }),
    );
}

#[tokio::test]
async fn on_behalf_of_accepts_v1_tokens_and_older_published_keys() {
    let fixture = Fixture::new();
    let form = with(&password_form(), "resource", TASK_API_URI);
    let (_, reply) = fixture.token_v1(CONTOSO, &form).await;
    let assertion = reply["access_token"].as_str().unwrap();
    fixture.post_json("/dev/rotate", &Value::Null).await;
    assert_eq!(
        fixture.token(CONTOSO, &obo_form(assertion)).await.0,
        StatusCode::OK
    );
    fixture.post_json("/dev/retire", &Value::Null).await;
    assert_eq!(
        fixture.token(CONTOSO, &obo_form(assertion)).await.1["error_codes"],
        json!([50013])
    );
}

#[tokio::test]
async fn user_of_another_tenant_gets_a_token_of_that_tenant() {
    let fixture = Fixture::new();
    let form = with(&password_form(), "username", "mallory@fabrikam.example");
    let (status, reply) = fixture
        .token(FABRIKAM, &with(&form, "password", "Mallory-Passw0rd!"))
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let issuer = format!("https://localhost:8443/{FABRIKAM}/v2.0");
    let (_, claims) = decode(&reply["access_token"]);
    assert_claims(
        &claims,
        &json!({"tid": FABRIKAM, "iss": issuer, "aud": TASK_API, "roles": ["Admin"]}),
    );
}

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

/// The path of a challenge: on-behalf-of is denied, the client signs the user in with the
/// challenge, and the new token carries the context.
#[tokio::test]
async fn conditional_access_is_met_by_the_next_token() {
    let fixture = Fixture::new();
    let form = with(
        &password_form(),
        "username",
        "connie.conditional@contoso.example",
    );
    let form = with(&form, "password", "Connie-Passw0rd!");
    let (_, reply) = fixture.token(CONTOSO, &form).await;
    let (status, denial) = fixture
        .token(CONTOSO, &obo_form(reply["access_token"].as_str().unwrap()))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_claims(
        &denial,
        &json!({
            "error": "interaction_required", "error_codes": [50076], "suberror": "basic_action",
            "claims": CHALLENGE,
        }),
    );
    let (_, reply) = fixture
        .token(CONTOSO, &with(&form, "claims", CHALLENGE))
        .await;
    let token = reply["access_token"].as_str().unwrap();
    assert_eq!(decode(&reply["access_token"]).1["acrs"], json!(["c1"]));
    assert_eq!(
        fixture.token(CONTOSO, &obo_form(token)).await.0,
        StatusCode::OK
    );
    // Another context does not count, and the resource also requires it at direct sign-in.
    let other = r#"{"access_token":{"acrs":{"essential":true,"values":["c2"]}}}"#;
    let (_, reply) = fixture.token(CONTOSO, &with(&form, "claims", other)).await;
    let other = reply["access_token"].as_str().unwrap();
    assert_eq!(
        fixture.token(CONTOSO, &obo_form(other)).await.1["error_codes"],
        json!([50076])
    );
    let direct = with(
        &form,
        "scope",
        "api://3a5c0002-0000-4000-8000-000000000002/Notify.Send",
    );
    assert_eq!(
        fixture.token(CONTOSO, &direct).await.1["error_codes"],
        json!([50076])
    );
    assert_eq!(
        fixture.token(CONTOSO, &with(&form, "claims", "[")).await.1["error_codes"],
        json!([9_002_313])
    );
}
