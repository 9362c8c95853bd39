//! Bearer tokens, verified by the guard itself.

use portcullis_token::unix_now;
use serde_json::{Value, json};

use crate::authz::AuthzServer;
use crate::issuer::Issuer;
use crate::protected_service::{GatewayTrust, ProtectedService};
use crate::{CONTOSO, FABRIKAM};

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn good_token_becomes_its_caller_whether_or_not_the_authz_server_is_trusted() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let token = issuer.sign(&issuer.claims(CONTOSO)).await;
    for trust in [GatewayTrust::On, GatewayTrust::Off] {
        let service = ProtectedService::start(&issuer, &authz.keys_url, trust).await;
        let answer = service
            .answer("GET /me", &[("authorization", &bearer(&token))])
            .await;
        let expected = json!({
            "oid": "aaaaaaaa-0001-4000-8000-000000000001", "tenant": CONTOSO, "name": "Ada",
            "roles": [], "token": token,
        });
        assert_eq!((answer.status, answer.body), (200, expected), "{trust:?}");
    }
}

#[tokio::test]
async fn other_token_is_denied_with_its_reason() {
    struct Case {
        name: &'static str,
        token: String,
        reason: &'static str,
    }
    let issuer = Issuer::start().await;
    let other_issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let good = issuer.claims(CONTOSO);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let token = issuer.sign(&good).await;
    let other = issuer.sign(&with("name", json!("Eve"))).await;
    let (content, _) = token.rsplit_once('.').unwrap();
    let (_, signature_of_other) = other.rsplit_once('.').unwrap();
    let past = unix_now() - 3600;
    let mut expired = with("exp", json!(past));
    expired["nbf"] = json!(past - 3600);
    for Case {
        name,
        token,
        reason,
    } in [
        Case {
            name: "garbage",
            token: "garbage".to_owned(),
            reason: "token_malformed",
        },
        Case {
            name: "expired",
            token: issuer.sign(&expired).await,
            reason: "token_expired",
        },
        Case {
            name: "another API's",
            token: issuer
                .sign(&with("aud", json!("3a5c0006-0000-4000-8000-000000000006")))
                .await,
            reason: "audience_not_allowed",
        },
        Case {
            name: "another tenant's",
            token: issuer.sign(&issuer.claims(FABRIKAM)).await,
            reason: "tenant_not_allowed",
        },
        Case {
            name: "another issuer's",
            token: other_issuer.sign(&other_issuer.claims(CONTOSO)).await,
            reason: "issuer_not_allowed",
        },
        Case {
            name: "signed with an unknown key",
            token: other_issuer.sign(&good).await,
            reason: "key_unknown",
        },
        Case {
            name: "signed for other content",
            token: format!("{content}.{signature_of_other}"),
            reason: "signature_invalid",
        },
        Case {
            name: "unsigned",
            token: format!("{content}."),
            reason: "signature_invalid",
        },
    ] {
        let answer = service
            .answer("GET /me", &[("authorization", &bearer(&token))])
            .await;
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{reason}\"");
        answer.must_be_unauthorized(reason, &challenge, name);
    }
}

#[tokio::test]
async fn bare_headers_name_no_caller() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let identity = [
        ("x-user-oid", "o"),
        ("x-tenant-id", CONTOSO),
        ("x-user-roles", "Admin"),
        ("x-user-name", "Eve"),
    ];
    for trust in [GatewayTrust::On, GatewayTrust::Off] {
        let service = ProtectedService::start(&issuer, &authz.keys_url, trust).await;
        for headers in [&[][..], &identity] {
            let case = format!("trust {trust:?}, headers {headers:?}");
            service
                .answer("GET /me", headers)
                .await
                .must_be_unauthorized("token_missing", "Bearer", &case);
        }
    }
}
