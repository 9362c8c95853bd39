//! The tokens of applications.

use http::StatusCode;
use serde_json::json;

use super::{TASK_API_URI, assert_claims, claims, members};
use crate::fixture::{
    AUDIT, CONTOSO, DIRECTORY, Fixture, NO_RIGHTS, TASK_API, credentials_form, decode, with,
};

#[tokio::test]
async fn app_only_token_has_roles_and_no_user_claims() {
    let fixture = Fixture::new();
    let claims = claims(&fixture, &credentials_form(TASK_API, "task-api-secret")).await;
    let principal = "cccccccc-0001-4000-8000-000000000001";
    assert_claims(
        &claims,
        &json!({
            "aud": AUDIT, "azp": TASK_API, "azpacr": "1", "oid": principal, "sub": principal,
            "roles": ["AuditLog.Write"], "idtyp": "app",
        }),
    );
    let all = [
        "aud", "azp", "azpacr", "exp", "iat", "idtyp", "iss", "nbf", "oid", "roles", "sub", "tid",
        "uti", "ver",
    ];
    assert_eq!(members(&claims), all);
}

#[tokio::test]
async fn app_only_token_without_grants_has_no_roles() {
    let fixture = Fixture::new();
    let form = credentials_form(NO_RIGHTS, "no-rights-secret");
    assert!(claims(&fixture, &form).await.get("roles").is_none());

    // The task API has no optional claim idtyp, and accepts the v1 endpoint.
    let scope = format!("{TASK_API_URI}/.default");
    assert!(
        claims(&fixture, &with(&form, "scope", &scope))
            .await
            .get("idtyp")
            .is_none()
    );
    let (_, reply) = fixture
        .token_v1(CONTOSO, &with(&form, "resource", TASK_API_URI))
        .await;
    assert_claims(
        &decode(&reply["access_token"]).1,
        &json!({"appid": NO_RIGHTS, "appidacr": "1", "ver": "1.0"}),
    );
}

#[tokio::test]
async fn secret_works_until_its_end() {
    for (name, expires, code) in [
        ("expired", "2020-01-01", json!([7_000_222])),
        ("not yet", "2999-01-01", json!(null)),
    ] {
        let secrets = format!("secrets: [{{value: task-api-secret, expires: {expires}}}]");
        let text = DIRECTORY.replacen("secrets: [task-api-secret]", &secrets, 1);
        let fixture = Fixture::with_directory(&text);
        let form = credentials_form(TASK_API, "task-api-secret");
        let (_, reply) = fixture.token(CONTOSO, &form).await;
        assert_eq!(reply["error_codes"], code, "{name}: {reply}");
    }
}

#[tokio::test]
async fn secret_is_accepted_in_http_basic() {
    let fixture = Fixture::new();
    let form = with(
        &with(&credentials_form(TASK_API, ""), "client_secret", ""),
        "client_id",
        "",
    );
    // 3a5c0001-0000-4000-8000-000000000001:task-api-secret
    let basic = "Basic M2E1YzAwMDEtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxOnRhc2stYXBpLXNlY3JldA==";
    let path = format!("/{CONTOSO}/oauth2/v2.0/token");
    assert_eq!(
        fixture.post_form(&path, Some(basic), &form).await.0,
        StatusCode::OK
    );
    let twice = with(&form, "client_secret", "task-api-secret");
    assert_eq!(
        fixture.post_form(&path, Some(basic), &twice).await.1["error_codes"],
        json!([9_002_313])
    );
    assert_eq!(
        fixture.post_form(&path, Some("Bearer x"), &form).await.1["error_codes"],
        json!([9_002_313])
    );
}
