//! The requests that the on-behalf-of grant denies.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    INVALID_ASSERTION, MALFORMED_REQUEST, MISSING_PARAMETER, NO_CONSENT, UNKNOWN_RESOURCE,
    WRONG_SECRET, assert_denied, bad, denial,
};
use crate::fixture::{ADA, CONTOSO, FABRIKAM, Fixture, NOTIFICATION, TASK_API, WEB, obo_form};

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
    for row in [
        bad("assertion", "", MISSING_PARAMETER),
        bad("assertion", "nonsense", INVALID_ASSERTION),
        bad("assertion", "a.b.c", INVALID_ASSERTION),
        bad("assertion", tampered.as_str(), INVALID_ASSERTION),
        bad("requested_token_use", "", MISSING_PARAMETER),
        bad("requested_token_use", "logon_cert", MALFORMED_REQUEST),
        bad("scope", "", MISSING_PARAMETER),
        bad("scope", "api://nowhere/.default", UNKNOWN_RESOURCE),
        bad("client_secret", "wrong", WRONG_SECRET),
        // The task API has an application role on the audit service, which is not a delegated
        // grant.
        bad(
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/.default",
            NO_CONSENT,
        ),
        bad(
            "scope",
            "api://3a5c0006-0000-4000-8000-000000000006/Other.Read",
            NO_CONSENT,
        ),
    ] {
        let answer = fixture.token(CONTOSO, &row.in_form(&form)).await;
        assert_denied(&row.name(), &answer, row.denial);
        assert_eq!(
            answer.1.get("suberror").is_some(),
            row.denial.code == NO_CONSENT.code,
            "{}",
            row.name()
        );
    }
    let other_tenant = fixture.token(FABRIKAM, &form).await;
    assert_denied("token of another tenant", &other_tenant, INVALID_ASSERTION);
}

/// Each row changes one claim of a token that is otherwise accepted.
#[tokio::test]
async fn on_behalf_of_denies_bad_assertions() {
    struct Case {
        name: &'static str,
        claim: &'static str,
        value: Value,
        code: u32,
    }

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
    let case = |name, claim, value, code| Case {
        name,
        claim,
        value,
        code,
    };
    for Case {
        name,
        claim,
        value,
        code,
    } in [
        case("expired", "exp", json!(now - 1), 500_133),
        case("not yet valid", "nbf", json!(now + 600), 500_133),
        case("no expiry", "exp", Value::Null, 50013),
        case("another audience", "aud", json!(NOTIFICATION), 500_131),
        case("audience in a list", "aud", json!([TASK_API]), 50013),
        case("no client", "azp", Value::Null, 240_002),
        case("no scopes", "scp", Value::Null, 7_000_114),
        case("empty scopes", "scp", json!(""), 7_000_114),
        case("slash as scope", "scp", json!("/"), 7_000_114),
        case("another tenant", "tid", json!(FABRIKAM), 50013),
        case(
            "another issuer",
            "iss",
            json!("https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0"),
            50013,
        ),
        case(
            "unknown user",
            "oid",
            json!("aaaaaaaa-00ff-4000-8000-0000000000ff"),
            50034,
        ),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let token = fixture.signed(json!({}), claims.clone()).await;
        assert_denied(
            &format!("{name}: {claims}"),
            &fixture.token(CONTOSO, &obo_form(&token)).await,
            denial(code, "invalid_grant"),
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
            INVALID_ASSERTION,
        );
    }
}
