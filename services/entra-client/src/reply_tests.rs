use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;
use url::Url;

use super::{token, token_error};
use crate::error::TokenError;

fn error_of(status: u16, retry_after: Option<&'static str>, body: &str) -> TokenError {
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
    }
    let place = || Url::parse("https://login.example/t/oauth2/v2.0/authorize").unwrap();
    token_error(
        StatusCode::from_u16(status).unwrap(),
        &headers,
        body.as_bytes(),
        place,
    )
}

#[test]
fn error_reply_becomes_one_reason_code() {
    let page = "<html>Bad gateway of alice@contoso.example</html>";
    for (status, retry_after, body, reason, transient) in [
        (
            400,
            None,
            r#"{"error":"invalid_grant","error_codes":[50013]}"#,
            "assertion_refused",
            false,
        ),
        (
            401,
            None,
            r#"{"error":"invalid_client","error_codes":[7000215]}"#,
            "client_refused",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"unauthorized_client"}"#,
            "client_refused",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"invalid_scope"}"#,
            "scope_refused",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"invalid_resource"}"#,
            "scope_refused",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"invalid_request"}"#,
            "request_refused",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"interaction_required","claims":"{}"}"#,
            "interaction_required",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"invalid_grant","suberror":"basic_action"}"#,
            "interaction_required",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"invalid_grant","suberror":"consent_required"}"#,
            "interaction_required",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"invalid_grant","suberror":"bad_token"}"#,
            "assertion_refused",
            false,
        ),
        (
            400,
            None,
            r#"{"error":"temporarily_unavailable"}"#,
            "endpoint_unavailable",
            true,
        ),
        (
            429,
            Some("3"),
            r#"{"error":"invalid_grant"}"#,
            "endpoint_throttled",
            true,
        ),
        (429, None, page, "endpoint_throttled", true),
        (408, None, page, "endpoint_timeout", true),
        (500, Some("3"), page, "endpoint_unavailable", true),
        (502, None, page, "endpoint_unavailable", true),
        (
            503,
            None,
            r#"{"error":"invalid_grant"}"#,
            "endpoint_unavailable",
            true,
        ),
        (503, Some("3"), page, "endpoint_throttled", true),
        (403, None, page, "reply_unreadable", true),
        (302, None, "", "reply_unreadable", true),
    ] {
        let error = error_of(status, retry_after, body);
        assert_eq!(
            (error.reason(), error.is_transient()),
            (reason, transient),
            "{status} {body}"
        );
        assert!(!error.to_string().contains("alice"), "{error}");
    }
}

#[test]
fn token_error_names_error_and_number_but_not_the_description() {
    let body = r#"{
        "error": "invalid_grant",
        "error_description": "AADSTS50020: user alice@example.com",
        "error_codes": [50020]
    }"#;
    assert_eq!(
        error_of(400, None, body).to_string(),
        "the token endpoint answered 400 Bad Request: invalid_grant AADSTS50020"
    );
    let long = format!(r#"{{"error":"{}\n\u0000ä"}}"#, "x".repeat(200));
    let text = error_of(400, None, &long).to_string();
    assert!(
        text.ends_with(&"x".repeat(64)) && !text.contains('\n'),
        "{text}"
    );
}

#[test]
fn retry_after_is_limited_to_five_minutes() {
    for (header, seconds) in [
        (Some("0"), 0),
        (Some(" 7 "), 7),
        (Some("86400"), 300),
        (Some("soon"), 5),
        (Some("-1"), 5),
        (None, 5),
    ] {
        let TokenError::Throttled { retry_after } = error_of(429, header, "") else {
            panic!("{header:?}")
        };
        assert_eq!(retry_after, Duration::from_secs(seconds), "{header:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn token_must_be_bearer_and_printable_and_is_unusable_before_it_expires() {
    let body = |value: &str, kind: &str, life: &str| {
        format!(r#"{{"access_token":"{value}","token_type":"{kind}","expires_in":{life}}}"#)
    };
    for (value, kind, life, accepted) in [
        ("a.b.c", "Bearer", "3600", true),
        ("a.b.c", "bearer", "3600", true),
        ("a.b.c", "pop", "3600", false),
        ("", "Bearer", "3600", false),
        ("a b", "Bearer", "3600", false),
        ("a\\r\\nX: y", "Bearer", "3600", false),
        ("a.b.c", "Bearer", "-1", false),
        ("a.b.c", "Bearer", "null", false),
    ] {
        let text = body(value, kind, life);
        assert_eq!(
            token(text.as_bytes(), Instant::now()).is_ok(),
            accepted,
            "{text}"
        );
    }
    assert!(token(b"<html>", Instant::now()).is_err());
    let issued = Instant::now();
    for (life, refresh, unusable) in [
        (3600, 2880, 3570),
        (100, 80, 90),
        (10_000_000, 69_120, 86_370),
    ] {
        let token = token(body("a", "Bearer", &life.to_string()).as_bytes(), issued).unwrap();
        let at = |seconds| issued + Duration::from_secs(seconds);
        assert!(
            !token.is_due_for_refresh(at(refresh - 1)) && token.is_due_for_refresh(at(refresh)),
            "{life}"
        );
        assert!(
            token.is_usable(at(unusable - 1)) && !token.is_usable(at(unusable)),
            "{life}"
        );
    }
    let dead = token(body("a", "Bearer", "0").as_bytes(), issued).unwrap();
    assert!(!dead.is_usable(issued) && format!("{dead:?}") == "AccessToken(redacted)");
}
