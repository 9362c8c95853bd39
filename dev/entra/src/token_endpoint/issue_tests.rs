//! The tokens that each grant issues.

use http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{
    ADA, AUDIT, CONTOSO, DIRECTORY, FABRIKAM, Fixture, NOTIFICATION, TASK_API, WEB,
    credentials_form, decode, obo_form, password_form, with,
};

mod agent;
mod app_only;
mod on_behalf_of;
mod people;

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
    struct Case<'a> {
        name: &'static str,
        form: &'a [(&'a str, &'a str)],
        scope: String,
        expected: Value,
    }

    let fixture = Fixture::new();
    let user = fixture.user_token().await;
    let credentials = credentials_form(TASK_API, "task-api-secret");
    let audit = format!("api://{AUDIT}/.default");
    let notification = format!("api://{NOTIFICATION}");
    let default = format!("{notification}/.default");
    for Case {
        name,
        form,
        scope,
        expected,
    } in [
        Case {
            name: "MSAL Go, client credentials",
            form: &credentials,
            scope: format!("{audit} openid offline_access profile"),
            expected: Value::Null,
        },
        Case {
            name: "msal4j, client credentials",
            form: &credentials,
            scope: format!("openid profile offline_access {audit}"),
            expected: Value::Null,
        },
        Case {
            name: "MSAL Go, on behalf of",
            form: &obo_form(&user),
            scope: format!("{default} openid offline_access profile"),
            expected: json!(format!(
                "{notification}/Notify.Send {default} openid profile"
            )),
        },
        Case {
            name: "password, .default",
            form: &password_form(),
            scope: format!("{TASK_API_URI}/.default"),
            expected: json!(format!(
                "{TASK_API_URI}/access_as_user {TASK_API_URI}/.default"
            )),
        },
        Case {
            name: "password, all of OpenID Connect",
            form: &password_form(),
            scope: format!("openid profile email offline_access {TASK_API_URI}/access_as_user"),
            expected: json!(format!(
                "{TASK_API_URI}/access_as_user email openid profile"
            )),
        },
    ] {
        let (status, reply) = fixture.token(CONTOSO, &with(form, "scope", &scope)).await;
        assert_eq!(status, StatusCode::OK, "{name}: {reply}");
        assert_eq!(reply["scope"], expected, "{name}");
    }
}

#[tokio::test]
async fn organizations_endpoint_issues_tokens_of_the_users_own_tenant() {
    struct Case<'a> {
        name: &'static str,
        form: Vec<(&'a str, &'a str)>,
        tenant: &'static str,
    }

    let fixture = Fixture::new();
    let mallory = with(&password_form(), "username", "mallory@fabrikam.example");
    for Case { name, form, tenant } in [
        Case {
            name: "of Contoso",
            form: password_form(),
            tenant: CONTOSO,
        },
        Case {
            name: "of Fabrikam",
            form: with(&mallory, "password", "Mallory-Passw0rd!"),
            tenant: FABRIKAM,
        },
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
    struct Case {
        name: &'static str,
        endpoint_v1: bool,
        token_version: u8,
        extension: bool,
        expected: &'static str,
    }

    for Case {
        name,
        endpoint_v1,
        token_version,
        extension,
        expected,
    } in [
        Case {
            name: "v2.0 with the extension",
            endpoint_v1: false,
            token_version: 2,
            extension: true,
            expected: "2.0",
        },
        Case {
            name: "v1.0 with the extension",
            endpoint_v1: true,
            token_version: 2,
            extension: true,
            expected: "1.0",
        },
        Case {
            name: "v1.0 without the extension",
            endpoint_v1: true,
            token_version: 2,
            extension: false,
            expected: "2.0",
        },
        Case {
            name: "resource of v1.0",
            endpoint_v1: false,
            token_version: 1,
            extension: false,
            expected: "1.0",
        },
        Case {
            name: "resource of v1.0 at v1.0",
            endpoint_v1: true,
            token_version: 1,
            extension: false,
            expected: "1.0",
        },
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
        assert_eq!(decode(&reply["access_token"]).1["ver"], expected, "{name}");
    }
}
