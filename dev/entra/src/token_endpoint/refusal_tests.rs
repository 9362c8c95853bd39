//! The requests that each grant denies, with their AADSTS numbers.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{
    ADA, CONTOSO, FABRIKAM, Fixture, NO_RIGHTS, NOTIFICATION, OBO, TASK_API, WEB, credentials_form,
    obo_form, password_form, with,
};

fn assert_denied(case: &str, (status, body): &(StatusCode, Value), code: u32, error: &str) {
    assert_eq!(body["error_codes"], json!([code]), "{case}: {body}");
    assert_eq!(body["error"], error, "{case}");
    let expected = if error == "invalid_client" {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::BAD_REQUEST
    };
    assert_eq!(*status, expected, "{case}");
    let description = body["error_description"].as_str().unwrap();
    let trace = body["trace_id"].as_str().unwrap();
    let correlation = body["correlation_id"].as_str().unwrap();
    let timestamp = body["timestamp"].as_str().unwrap();
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    let end = format!(" Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}");
    assert!(description.ends_with(&end), "{description}");
    assert_eq!(timestamp.len(), "2026-01-31 12:00:00Z".len());
}

#[tokio::test]
async fn password_grant_denies_bad_fields() {
    let fixture = Fixture::new();
    let form = password_form();
    for (field, value, code, error) in [
        ("grant_type", "", 900_144, "invalid_request"),
        (
            "grant_type",
            "refresh_token",
            70003,
            "unsupported_grant_type",
        ),
        ("client_id", "", 900_144, "invalid_request"),
        (
            "client_id",
            "3a5c00ff-0000-4000-8000-0000000000ff",
            700_016,
            "unauthorized_client",
        ),
        ("client_id", TASK_API, 7_000_218, "invalid_client"),
        ("client_secret", "guess", 700_025, "invalid_client"),
        ("client_assertion", "e30.e30.x", 700_025, "invalid_client"),
        ("username", "", 900_144, "invalid_request"),
        ("username", "nobody@contoso.example", 50126, "invalid_grant"),
        (
            "username",
            "eddie.editor@contoso.example",
            50126,
            "invalid_grant",
        ),
        (
            "username",
            "mallory@fabrikam.example",
            50034,
            "invalid_grant",
        ),
        ("password", "", 900_144, "invalid_request"),
        ("password", "admin-passw0rd!", 50126, "invalid_grant"),
        ("scope", "", 900_144, "invalid_request"),
        ("scope", "openid", 70011, "invalid_scope"),
        ("scope", "User.Read", 70011, "invalid_scope"),
        (
            "scope",
            "api://3a5c0001-0000-4000-8000-000000000001/Unknown",
            70011,
            "invalid_scope",
        ),
        (
            "scope",
            "3a5c0001-0000-4000-8000-000000000001/access_as_user api://other/x",
            700_022,
            "invalid_scope",
        ),
        ("scope", "api://nowhere/Read", 500_011, "invalid_resource"),
        (
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/.default",
            65001,
            "invalid_grant",
        ),
    ] {
        let answer = fixture.token(CONTOSO, &with(&form, field, value)).await;
        assert_denied(&format!("{field}={value}"), &answer, code, error);
    }
}

#[tokio::test]
async fn token_endpoints_deny_other_tenants() {
    let fixture = Fixture::new();
    let form = credentials_form(TASK_API, "task-api-secret");
    for (tenant, code, error) in [
        ("common", 9_001_023, "invalid_request"),
        ("Organizations", 9_001_023, "invalid_request"),
        ("consumers", 9_001_023, "invalid_request"),
        (
            "33333333-3333-4333-8333-333333333333",
            90002,
            "invalid_request",
        ),
        ("contoso", 90002, "invalid_request"),
        // The task API is in this tenant too, the audit service is not.
        (FABRIKAM, 500_011, "invalid_resource"),
    ] {
        assert_denied(tenant, &fixture.token(tenant, &form).await, code, error);
    }
    let password = password_form();
    for (tenant, field, value, code, error) in [
        ("common", "", "", 9_001_023, "invalid_request"),
        ("Consumers", "", "", 9_001_023, "invalid_request"),
        ("organizations", "username", "", 900_144, "invalid_request"),
        (
            "organizations",
            "username",
            "unknown@contoso.example",
            50126,
            "invalid_grant",
        ),
        ("organizations", "password", "wrong", 50126, "invalid_grant"),
    ] {
        let answer = fixture.token(tenant, &with(&password, field, value)).await;
        assert_denied(&format!("{tenant} {field}={value}"), &answer, code, error);
    }
    let single = credentials_form(NO_RIGHTS, "no-rights-secret");
    assert_denied(
        "single tenant",
        &fixture.token(FABRIKAM, &single).await,
        700_016,
        "unauthorized_client",
    );
}

#[tokio::test]
async fn client_credentials_grant_denies_bad_fields() {
    let fixture = Fixture::new();
    let form = credentials_form(TASK_API, "task-api-secret");
    for (field, value, code, error) in [
        ("client_secret", "", 7_000_218, "invalid_client"),
        ("client_secret", "wrong", 7_000_215, "invalid_client"),
        ("client_id", NO_RIGHTS, 7_000_215, "invalid_client"),
        ("client_id", WEB, 700_025, "invalid_client"),
        ("scope", "", 900_144, "invalid_request"),
        (
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003",
            1_002_012,
            "invalid_scope",
        ),
        (
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/AuditLog.Write",
            1_002_012,
            "invalid_scope",
        ),
        (
            "scope",
            "api://nowhere/.default",
            500_011,
            "invalid_resource",
        ),
    ] {
        let answer = fixture.token(CONTOSO, &with(&form, field, value)).await;
        assert_denied(&format!("{field}={value}"), &answer, code, error);
    }
    let public = with(&with(&form, "client_secret", ""), "client_id", WEB);
    assert_denied(
        "public client",
        &fixture.token(CONTOSO, &public).await,
        7_000_218,
        "invalid_client",
    );
}

#[tokio::test]
async fn v1_endpoint_denies_bad_fields() {
    let fixture = Fixture::new();
    let form = with(&with(&password_form(), "scope", ""), "resource", TASK_API);
    for (field, value, code, error) in [
        ("resource", "", 900_144, "invalid_request"),
        ("resource", "api://nowhere", 500_011, "invalid_resource"),
        (
            "resource",
            "3a5c0003-0000-4000-8000-000000000003",
            65001,
            "invalid_grant",
        ),
        ("grant_type", OBO, 70003, "unsupported_grant_type"),
        ("password", "wrong", 50126, "invalid_grant"),
    ] {
        let answer = fixture.token_v1(CONTOSO, &with(&form, field, value)).await;
        assert_denied(&format!("{field}={value}"), &answer, code, error);
    }
}

#[tokio::test]
async fn on_behalf_of_denies_bad_fields() {
    let fixture = Fixture::new();
    let assertion = fixture.user_token().await;
    let before = &assertion[..assertion.len() - 9];
    let after = &assertion[assertion.len() - 8..];
    let other = if assertion[before.len()..].starts_with('A') {
        'B'
    } else {
        'A'
    };
    let tampered = format!("{before}{other}{after}");
    let form = obo_form(&assertion);
    for (field, value, code, error) in [
        ("assertion", "", 900_144, "invalid_request"),
        ("assertion", "nonsense", 50013, "invalid_grant"),
        ("assertion", "a.b.c", 50013, "invalid_grant"),
        ("assertion", tampered.as_str(), 50013, "invalid_grant"),
        ("requested_token_use", "", 900_144, "invalid_request"),
        (
            "requested_token_use",
            "logon_cert",
            9_002_313,
            "invalid_request",
        ),
        ("scope", "", 900_144, "invalid_request"),
        (
            "scope",
            "api://nowhere/.default",
            500_011,
            "invalid_resource",
        ),
        ("client_secret", "wrong", 7_000_215, "invalid_client"),
        // The task API has an application role on the audit service, which is not a delegated
        // grant.
        (
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/.default",
            65001,
            "invalid_grant",
        ),
        (
            "scope",
            "api://3a5c0006-0000-4000-8000-000000000006/Other.Read",
            65001,
            "invalid_grant",
        ),
    ] {
        let answer = fixture.token(CONTOSO, &with(&form, field, value)).await;
        assert_denied(&format!("{field}={value}"), &answer, code, error);
        assert_eq!(
            answer.1.get("suberror").is_some(),
            code == 65001,
            "{field}={value}"
        );
    }
    let other_tenant = fixture.token(FABRIKAM, &form).await;
    assert_denied(
        "token of another tenant",
        &other_tenant,
        50013,
        "invalid_grant",
    );
}

/// Each row changes one claim of a token that is otherwise accepted.
#[tokio::test]
async fn on_behalf_of_denies_bad_assertions() {
    let fixture = Fixture::new();
    let now = jiff::Timestamp::now().as_second();
    let good = json!({
        "aud": TASK_API, "iss": format!("https://localhost:8443/{CONTOSO}/v2.0"), "tid": CONTOSO,
        "oid": ADA,
        "azp": WEB, "scp": "access_as_user", "nbf": now - 60, "exp": now + 600,
    });
    let accepted = fixture.signed(json!({}), good.clone()).await;
    assert_eq!(
        fixture.token(CONTOSO, &obo_form(&accepted)).await.0,
        StatusCode::OK
    );
    for (claim, value, code) in [
        ("exp", json!(now - 1), 500_133),
        ("nbf", json!(now + 600), 500_133),
        ("exp", Value::Null, 50013),
        ("aud", json!(NOTIFICATION), 500_131),
        ("aud", json!([TASK_API]), 50013),
        ("azp", Value::Null, 240_002),
        ("scp", Value::Null, 7_000_114),
        ("scp", json!(""), 7_000_114),
        ("scp", json!("/"), 7_000_114),
        ("tid", json!(FABRIKAM), 50013),
        (
            "iss",
            json!("https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0"),
            50013,
        ),
        ("oid", json!("aaaaaaaa-00ff-4000-8000-0000000000ff"), 50034),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let token = fixture.signed(json!({}), claims.clone()).await;
        assert_denied(
            &claims.to_string(),
            &fixture.token(CONTOSO, &obo_form(&token)).await,
            code,
            "invalid_grant",
        );
    }
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"kid": "unknown"}),
        json!({"kid": null}),
    ] {
        let token = fixture.signed(header.clone(), good.clone()).await;
        assert_denied(
            &header.to_string(),
            &fixture.token(CONTOSO, &obo_form(&token)).await,
            50013,
            "invalid_grant",
        );
    }
}

#[tokio::test]
async fn large_or_repetitive_form_is_denied() {
    let fixture = Fixture::new();
    let large = "x".repeat(70_000);
    let form = password_form();
    assert_eq!(
        fixture
            .token(CONTOSO, &with(&form, "state", &large))
            .await
            .0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let mut twice = form.clone();
    twice.push(("scope", "openid"));
    assert_denied(
        "repeated scope",
        &fixture.token(CONTOSO, &twice).await,
        9_002_313,
        "invalid_request",
    );
}
