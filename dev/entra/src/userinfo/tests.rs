use axum::body::{Body, to_bytes};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::fixture::{ADA, CONTOSO, Fixture, NOTIFICATION, WEB, decode, password_form, with};

/// Requests the endpoint with the given `Authorization` headers.
async fn request(fixture: &Fixture, authorization: &[String]) -> (StatusCode, String, Value) {
    let mut request = Request::get("/oidc/userinfo");
    for value in authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let response = fixture.respond(request.body(Body::empty()).unwrap()).await;
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    let challenge = challenge.map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, challenge, serde_json::from_slice(&body).unwrap())
}

fn good_claims() -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({
        "aud": "https://graph.microsoft.com", "iss": format!("https://sts.windows.net/{CONTOSO}/"),
        "tid": CONTOSO, "oid": ADA, "appid": WEB, "scp": "openid profile email User.Read",
        "nbf": now - 60, "exp": now + 600,
    })
}

#[tokio::test]
async fn userinfo_describes_the_user_of_a_token_for_graph() {
    let fixture = Fixture::new();
    let form = with(&password_form(), "scope", "openid profile email User.Read");
    let (_, reply) = fixture.token(CONTOSO, &form).await;
    let token = reply["access_token"].as_str().unwrap();
    let (_, id_token) = decode(&reply["id_token"]);
    let (status, _, info) = request(&fixture, &[format!("Bearer {token}")]).await;
    assert_eq!(status, StatusCode::OK, "{info}");
    assert_eq!(
        info,
        json!({
            "sub": id_token["sub"], "name": "Ada Admin", "email": "ada.admin@contoso.example",
        })
    );
    let path = format!("/{CONTOSO}/v2.0/.well-known/openid-configuration");
    let (_, metadata) = fixture.get(&path).await;
    assert_eq!(
        metadata["userinfo_endpoint"],
        "https://localhost:8443/oidc/userinfo"
    );
}

#[tokio::test]
async fn userinfo_has_only_the_claims_of_the_scopes() {
    let fixture = Fixture::new();
    for (name, scopes, members) in [
        ("openid", "openid", vec!["sub"]),
        ("profile", "openid profile", vec!["name", "sub"]),
        ("email", "email openid", vec!["email", "sub"]),
    ] {
        let mut claims = good_claims();
        claims["scp"] = scopes.into();
        let token = fixture.signed(json!({}), claims).await;
        let (status, _, info) = request(&fixture, &[format!("bearer {token}")]).await;
        assert_eq!(status, StatusCode::OK, "{name}: {info}");
        let found: Vec<&String> = info.as_object().unwrap().keys().collect();
        assert_eq!(found, members, "{name}");
    }
}

#[tokio::test]
async fn userinfo_denies_requests_without_one_bearer_token() {
    let fixture = Fixture::new();
    let token = fixture.signed(json!({}), good_claims()).await;
    let good = format!("Bearer {token}");
    for (name, authorization) in [
        ("none", vec![]),
        ("another scheme", vec![format!("Basic {token}")]),
        ("no scheme", vec![token.clone()]),
        ("two headers", vec![good.clone(), good.clone()]),
    ] {
        let (status, challenge, body) = request(&fixture, &authorization).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}: {body}");
        assert_eq!(
            body["error"]["code"], "InvalidAuthenticationToken",
            "{name}"
        );
        assert_eq!(body["error"]["message"], "Access token is empty.", "{name}");
        assert!(body["error"]["innerError"]["request-id"].is_string());
        assert!(
            challenge.starts_with(r#"Bearer realm="", authorization_uri="https://localhost:8443/"#),
            "{name}: {challenge}"
        );
    }
}

#[tokio::test]
async fn userinfo_denies_tokens_that_are_not_for_it() {
    struct Case {
        name: &'static str,
        header: Value,
        claim: &'static str,
        value: Value,
        status: StatusCode,
        message: &'static str,
    }

    let fixture = Fixture::new();
    let now = jiff::Timestamp::now().as_second();
    let case = |name, claim, value, message| Case {
        name,
        header: json!({}),
        claim,
        value,
        status: StatusCode::UNAUTHORIZED,
        message,
    };
    let mut cases = vec![
        case("expired", "exp", json!(now - 1), "expired"),
        case("not yet valid", "nbf", json!(now + 600), "Lifetime"),
        case("another audience", "aud", json!(NOTIFICATION), "audience"),
        case(
            "another issuer",
            "iss",
            json!("https://evil.example/"),
            "issuer",
        ),
        case("no object id", "oid", Value::Null, "parsing failed"),
        case("unknown user", "oid", json!(CONTOSO), "does not exist"),
        case("unknown client", "appid", json!(ADA), "does not exist"),
    ];
    cases.push(Case {
        header: json!({"alg": "none"}),
        ..case("not signed", "azp", Value::Null, "signature")
    });
    for (name, scopes) in [("without openid", "User.Read"), ("app-only", "")] {
        cases.push(Case {
            status: StatusCode::FORBIDDEN,
            ..case(name, "scp", json!(scopes), "Insufficient privileges")
        });
    }
    for Case {
        name,
        header,
        claim,
        value,
        status,
        message,
    } in cases
    {
        let mut claims = good_claims();
        claims[claim] = value;
        let token = fixture.signed(header, claims).await;
        let (got, challenge, body) = request(&fixture, &[format!("Bearer {token}")]).await;
        assert_eq!(got, status, "{name}: {body}");
        let text = body["error"]["message"].as_str().unwrap();
        assert!(text.contains(message), "{name}: {text}");
        let is_challenged = status == StatusCode::UNAUTHORIZED;
        assert_eq!(!challenge.is_empty(), is_challenged, "{name}");
    }
}
