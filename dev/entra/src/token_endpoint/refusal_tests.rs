//! The requests that each grant denies, with their AADSTS numbers.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{
    CONTOSO, FABRIKAM, Fixture, NO_RIGHTS, OBO, TASK_API, WEB, credentials_form, password_form,
    with,
};

mod on_behalf_of;

/// The AADSTS number of a denial, and the error code of OAuth 2.0 that Entra sends with it.
#[derive(Clone, Copy)]
struct Denial {
    code: u32,
    error: &'static str,
}

const fn denial(code: u32, error: &'static str) -> Denial {
    Denial { code, error }
}

const INVALID_ASSERTION: Denial = denial(50013, "invalid_grant");
const INVALID_SCOPE: Denial = denial(70011, "invalid_scope");
const MALFORMED_REQUEST: Denial = denial(9_002_313, "invalid_request");
const MISSING_PARAMETER: Denial = denial(900_144, "invalid_request");
const MISSING_SECRET: Denial = denial(7_000_218, "invalid_client");
const NO_CONSENT: Denial = denial(65001, "invalid_grant");
const NOT_DEFAULT_SCOPE: Denial = denial(1_002_012, "invalid_scope");
const PUBLIC_CLIENT: Denial = denial(700_025, "invalid_client");
const SHARED_ENDPOINT: Denial = denial(9_001_023, "invalid_request");
const TWO_RESOURCES: Denial = denial(700_022, "invalid_scope");
const UNKNOWN_CLIENT: Denial = denial(700_016, "unauthorized_client");
const UNKNOWN_RESOURCE: Denial = denial(500_011, "invalid_resource");
const UNKNOWN_TENANT: Denial = denial(90002, "invalid_request");
const UNKNOWN_USER: Denial = denial(50034, "invalid_grant");
const UNSUPPORTED_GRANT: Denial = denial(70003, "unsupported_grant_type");
const WRONG_PASSWORD: Denial = denial(50126, "invalid_grant");
const WRONG_SECRET: Denial = denial(7_000_215, "invalid_client");

/// A change of one field of an accepted form. An empty value removes the field.
struct Bad<'a> {
    field: &'static str,
    value: &'a str,
    denial: Denial,
}

impl<'a> Bad<'a> {
    fn in_form(&self, good: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        with(good, self.field, self.value)
    }

    fn name(&self) -> String {
        format!("{}={}", self.field, self.value)
    }
}

const fn bad<'a>(field: &'static str, value: &'a str, denial: Denial) -> Bad<'a> {
    Bad {
        field,
        value,
        denial,
    }
}

fn assert_denied(case: &str, (status, body): &(StatusCode, Value), denial: Denial) {
    let Denial { code, error } = denial;
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
    for row in [
        bad("grant_type", "", MISSING_PARAMETER),
        bad(
            "grant_type",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            UNSUPPORTED_GRANT,
        ),
        bad("client_id", "", MISSING_PARAMETER),
        bad(
            "client_id",
            "3a5c00ff-0000-4000-8000-0000000000ff",
            UNKNOWN_CLIENT,
        ),
        bad("client_id", TASK_API, MISSING_SECRET),
        bad("client_secret", "guess", PUBLIC_CLIENT),
        bad("client_assertion", "e30.e30.x", PUBLIC_CLIENT),
        bad("username", "", MISSING_PARAMETER),
        bad("username", "nobody@contoso.example", WRONG_PASSWORD),
        bad("username", "eddie.editor@contoso.example", WRONG_PASSWORD),
        bad("username", "mallory@fabrikam.example", UNKNOWN_USER),
        bad("password", "", MISSING_PARAMETER),
        bad("password", "admin-passw0rd!", WRONG_PASSWORD),
        bad("scope", "", MISSING_PARAMETER),
        bad(
            "scope",
            "api://3a5c0001-0000-4000-8000-000000000001/",
            INVALID_SCOPE,
        ),
        bad("scope", "User.Write", INVALID_SCOPE),
        bad(
            "scope",
            "api://3a5c0001-0000-4000-8000-000000000001/Unknown",
            INVALID_SCOPE,
        ),
        bad(
            "scope",
            "3a5c0001-0000-4000-8000-000000000001/access_as_user api://other/x",
            TWO_RESOURCES,
        ),
        bad("scope", "api://nowhere/Read", UNKNOWN_RESOURCE),
        bad(
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/.default",
            NO_CONSENT,
        ),
    ] {
        let answer = fixture.token(CONTOSO, &row.in_form(&form)).await;
        assert_denied(&row.name(), &answer, row.denial);
    }
}

#[tokio::test]
async fn token_endpoints_deny_other_tenants() {
    struct Tenant {
        tenant: &'static str,
        denial: Denial,
    }

    struct Case {
        tenant: &'static str,
        field: &'static str,
        value: &'static str,
        denial: Denial,
    }

    let fixture = Fixture::new();
    let form = credentials_form(TASK_API, "task-api-secret");
    let at = |tenant, denial| Tenant { tenant, denial };
    for Tenant { tenant, denial } in [
        at("common", SHARED_ENDPOINT),
        at("Organizations", SHARED_ENDPOINT),
        at("consumers", SHARED_ENDPOINT),
        at("33333333-3333-4333-8333-333333333333", UNKNOWN_TENANT),
        at("contoso", UNKNOWN_TENANT),
        // The task API is in this tenant too, the audit service is not.
        at(FABRIKAM, UNKNOWN_RESOURCE),
    ] {
        assert_denied(tenant, &fixture.token(tenant, &form).await, denial);
    }
    let password = password_form();
    let case = |tenant, field, value, denial| Case {
        tenant,
        field,
        value,
        denial,
    };
    for Case {
        tenant,
        field,
        value,
        denial,
    } in [
        case("common", "", "", SHARED_ENDPOINT),
        case("Consumers", "", "", SHARED_ENDPOINT),
        case("organizations", "username", "", MISSING_PARAMETER),
        case(
            "organizations",
            "username",
            "unknown@contoso.example",
            WRONG_PASSWORD,
        ),
        case("organizations", "password", "wrong", WRONG_PASSWORD),
    ] {
        let answer = fixture.token(tenant, &with(&password, field, value)).await;
        assert_denied(&format!("{tenant} {field}={value}"), &answer, denial);
    }
    let single = credentials_form(NO_RIGHTS, "no-rights-secret");
    assert_denied(
        "single tenant",
        &fixture.token(FABRIKAM, &single).await,
        UNKNOWN_CLIENT,
    );
}

#[tokio::test]
async fn client_credentials_grant_denies_bad_fields() {
    let fixture = Fixture::new();
    let form = credentials_form(TASK_API, "task-api-secret");
    for row in [
        bad("client_secret", "", MISSING_SECRET),
        bad("client_secret", "wrong", WRONG_SECRET),
        bad("client_id", NO_RIGHTS, WRONG_SECRET),
        bad("client_id", WEB, PUBLIC_CLIENT),
        bad("scope", "", MISSING_PARAMETER),
        bad(
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003",
            NOT_DEFAULT_SCOPE,
        ),
        bad(
            "scope",
            "api://3a5c0003-0000-4000-8000-000000000003/AuditLog.Write",
            NOT_DEFAULT_SCOPE,
        ),
        bad("scope", "api://nowhere/.default", UNKNOWN_RESOURCE),
    ] {
        let answer = fixture.token(CONTOSO, &row.in_form(&form)).await;
        assert_denied(&row.name(), &answer, row.denial);
    }
    let public = with(&with(&form, "client_secret", ""), "client_id", WEB);
    assert_denied(
        "public client",
        &fixture.token(CONTOSO, &public).await,
        MISSING_SECRET,
    );
}

#[tokio::test]
async fn v1_endpoint_denies_bad_fields() {
    let fixture = Fixture::new();
    let form = with(&with(&password_form(), "scope", ""), "resource", TASK_API);
    for row in [
        bad("resource", "", MISSING_PARAMETER),
        bad("resource", "api://nowhere", UNKNOWN_RESOURCE),
        bad(
            "resource",
            "3a5c0003-0000-4000-8000-000000000003",
            NO_CONSENT,
        ),
        bad("grant_type", OBO, UNSUPPORTED_GRANT),
        bad("password", "wrong", WRONG_PASSWORD),
    ] {
        let answer = fixture.token_v1(CONTOSO, &row.in_form(&form)).await;
        assert_denied(&row.name(), &answer, row.denial);
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
        MALFORMED_REQUEST,
    );
}
