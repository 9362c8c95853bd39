//! The tokens that each grant issues.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{
    ADA, AUDIT, CONTOSO, DIRECTORY, FABRIKAM, Fixture, NO_RIGHTS, NOTIFICATION, TASK_API, WEB,
    credentials_form, decode, obo_form, password_form, with,
};

const TASK_API_URI: &str = "api://3a5c0001-0000-4000-8000-000000000001";

fn members(claims: &Value) -> Vec<&str> {
    claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn assert_claims(claims: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&claims[name], value, "{name} in {claims}");
    }
}

async fn claims(fixture: &Fixture, form: &[(&str, &str)]) -> Value {
    let (status, reply) = fixture.token(CONTOSO, form).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    decode(&reply["access_token"]).1
}

#[tokio::test]
async fn password_grant_issues_a_v2_token() {
    let fixture = Fixture::new();
    let (status, reply) = fixture
        .token(&CONTOSO.to_uppercase(), &password_form())
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let (header, claims) = decode(&reply["access_token"]);
    assert_eq!(
        header,
        json!({"typ": "JWT", "alg": "RS256", "kid": fixture.entra.keys.current().kid})
    );
    assert_claims(
        &claims,
        &json!({
            "aud": TASK_API, "iss": format!("https://localhost:8443/{CONTOSO}/v2.0"), "azp": WEB,
            "azpacr": "0",
            "name": "Ada Admin", "preferred_username": "ada.admin@contoso.example", "oid": ADA,
            "tid": CONTOSO,
            "scp": "access_as_user", "roles": ["Admin"], "ver": "2.0",
        }),
    );
    let all = [
        "aud",
        "azp",
        "azpacr",
        "exp",
        "iat",
        "iss",
        "name",
        "nbf",
        "oid",
        "preferred_username",
        "roles",
        "scp",
        "sub",
        "tid",
        "uti",
        "ver",
    ];
    assert_eq!(members(&claims), all);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(),
        3600
    );
    assert_eq!(claims["iat"], claims["nbf"]);
    assert_claims(
        &reply,
        &json!({
            "token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600,
            "scope": format!("{TASK_API_URI}/access_as_user openid profile"),
        }),
    );
}

/// Entra accepts each of these, and unmodified clients send them.
#[tokio::test]
async fn scopes_of_real_clients_are_accepted_and_echoed() {
    let fixture = Fixture::new();
    let user = fixture.user_token().await;
    let credentials = credentials_form(TASK_API, "task-api-secret");
    let audit = format!("api://{AUDIT}/.default");
    let notification = format!("api://{NOTIFICATION}");
    let default = format!("{notification}/.default");
    for (name, form, scope, expected) in [
        (
            "MSAL Go, client credentials",
            &credentials,
            format!("{audit} openid offline_access profile"),
            Value::Null,
        ),
        (
            "msal4j, client credentials",
            &credentials,
            format!("openid profile offline_access {audit}"),
            Value::Null,
        ),
        (
            "MSAL Go, on behalf of",
            &obo_form(&user),
            format!("{default} openid offline_access profile"),
            json!(format!(
                "{notification}/Notify.Send {default} openid profile"
            )),
        ),
        (
            "password, .default",
            &password_form(),
            format!("{TASK_API_URI}/.default"),
            json!(format!(
                "{TASK_API_URI}/access_as_user {TASK_API_URI}/.default"
            )),
        ),
        (
            "password, all of OpenID Connect",
            &password_form(),
            format!("openid profile email offline_access {TASK_API_URI}/access_as_user"),
            json!(format!(
                "{TASK_API_URI}/access_as_user email openid profile"
            )),
        ),
    ] {
        let (status, reply) = fixture.token(CONTOSO, &with(form, "scope", &scope)).await;
        assert_eq!(status, StatusCode::OK, "{name}: {reply}");
        assert_eq!(reply["scope"], expected, "{name}");
    }
}

#[tokio::test]
async fn organizations_endpoint_issues_tokens_of_the_users_own_tenant() {
    let fixture = Fixture::new();
    let mallory = with(&password_form(), "username", "mallory@fabrikam.example");
    for (name, form, tenant) in [
        ("of Contoso", password_form(), CONTOSO),
        (
            "of Fabrikam",
            with(&mallory, "password", "Mallory-Passw0rd!"),
            FABRIKAM,
        ),
    ] {
        let (status, reply) = fixture.token("Organizations", &form).await;
        assert_eq!(status, StatusCode::OK, "{name}: {reply}");
        let issuer = format!("https://localhost:8443/{tenant}/v2.0");
        assert_claims(
            &decode(&reply["access_token"]).1,
            &json!({"tid": tenant, "iss": issuer}),
        );
    }
}

#[tokio::test]
async fn id_token_needs_the_openid_scope() {
    let fixture = Fixture::new();
    let form = password_form();
    let (_, reply) = fixture
        .token(CONTOSO, &with(&form, "client_info", "1"))
        .await;
    let (_, claims) = decode(&reply["id_token"]);
    assert_claims(
        &claims,
        &json!({"aud": WEB, "oid": ADA, "name": "Ada Admin", "ver": "2.0"}),
    );
    assert!(claims.get("scp").is_none() && claims.get("azp").is_none());
    assert!(reply["client_info"].is_string());

    let (_, reply) = fixture
        .token(
            CONTOSO,
            &with(&form, "scope", &format!("{TASK_API_URI}/.default")),
        )
        .await;
    assert_eq!(
        members(&reply),
        [
            "access_token",
            "expires_in",
            "ext_expires_in",
            "scope",
            "token_type"
        ]
    );
}

#[tokio::test]
async fn sub_is_pairwise_and_uti_unique() {
    let fixture = Fixture::new();
    let form = password_form();
    let first = claims(&fixture, &form).await;
    let again = claims(&fixture, &form).await;
    let scope = format!("api://{NOTIFICATION}/Notify.Send");
    let other = claims(&fixture, &with(&form, "scope", &scope)).await;
    assert_eq!(first["sub"], again["sub"]);
    assert_ne!(first["sub"], other["sub"]);
    assert_eq!(first["oid"], other["oid"]);
    assert_ne!(first["uti"], again["uti"]);
    assert_eq!(other["aud"], NOTIFICATION);
    assert!(
        other.get("roles").is_none(),
        "roles are those on the audience"
    );
}

#[tokio::test]
async fn v1_endpoint_issues_v1_tokens_for_an_api_that_accepts_it() {
    let fixture = Fixture::new();
    let mut form = with(&password_form(), "resource", TASK_API_URI);
    form = with(
        &with(&form, "scope", ""),
        "username",
        "rita.reader@contoso.example",
    );
    let (status, reply) = fixture
        .token_v1(CONTOSO, &with(&form, "password", "Reader-Passw0rd!"))
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let (header, claims) = decode(&reply["access_token"]);
    assert!(header["x5t"].is_string() && header["kid"].is_string());
    assert_claims(
        &claims,
        &json!({
            "aud": TASK_API_URI, "iss": format!("https://sts.windows.net/{CONTOSO}/"), "appid": WEB,
            "appidacr": "0",
            "name": "Renée Reader", "unique_name": "rita.reader@contoso.example",
            "upn": "rita.reader@contoso.example",
            "scp": "access_as_user", "roles": ["Reader"], "ver": "1.0",
        }),
    );
    for absent in ["azp", "azpacr", "preferred_username", "idtyp"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    assert_claims(
        &reply,
        &json!({"expires_in": "3600", "resource": TASK_API_URI, "scope": "access_as_user"}),
    );
}

/// The resource decides and not the endpoint, unless it has the development extension.
#[tokio::test]
async fn resource_chooses_the_token_version() {
    for (endpoint_v1, token_version, extension, expected) in [
        (false, 2, true, "2.0"),
        (true, 2, true, "1.0"),
        (true, 2, false, "2.0"),
        (false, 1, false, "1.0"),
        (true, 1, false, "1.0"),
    ] {
        let text = DIRECTORY.replacen(
            "tokenVersion: 2\n    acceptV1Endpoint: true",
            &format!("tokenVersion: {token_version}\n    acceptV1Endpoint: {extension}"),
            1,
        );
        let fixture = Fixture::with_directory(&text);
        let form = with(&password_form(), "resource", TASK_API);
        let (_, reply) = if endpoint_v1 {
            fixture.token_v1(CONTOSO, &form).await
        } else {
            fixture.token(CONTOSO, &form).await
        };
        assert_eq!(
            decode(&reply["access_token"]).1["ver"],
            expected,
            "{endpoint_v1} {token_version} {extension}"
        );
    }
}

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
