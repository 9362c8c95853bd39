use dev_entra::Workload;
use portcullis_entra_client::{ClientCredential, TokenError};

use crate::tenant::{AUDIT, CONTOSO, NOTIFY, Tenant, claims};

const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";

async fn tenant() -> Tenant {
    let workload = Workload::generate().unwrap();
    Tenant::start(&workload, &workload).await
}

fn secret() -> ClientCredential {
    ClientCredential::Secret("task-api-secret".parse().unwrap())
}

#[tokio::test]
async fn conditional_access_becomes_a_challenge_that_the_browser_can_satisfy() {
    let mut tenant = tenant().await;
    let client = tenant.client(secret());
    let connie = "connie.conditional@contoso.example";
    let password = "Connie-Passw0rd!";
    let token = tenant.sign_in(connie, password, None).await;
    let error = client
        .on_behalf_of(CONTOSO, &token, NOTIFY)
        .await
        .unwrap_err();
    assert!(
        !error.is_transient() && !error.to_string().contains("contoso.example"),
        "{error}"
    );
    let TokenError::InteractionRequired { challenge, .. } = error else {
        panic!("{error}")
    };
    let header = challenge.www_authenticate().to_str().unwrap().to_owned();
    let place = format!(
        "authorization_uri=\"{}/{CONTOSO}/oauth2/v2.0/authorize\"",
        tenant.entra.authority()
    );
    assert!(
        header.contains(&place) && header.contains("error=\"insufficient_claims\""),
        "{header}"
    );

    // The browser decodes the claims and signs in with them.
    let encoded = header
        .split_once("claims=\"")
        .unwrap()
        .1
        .trim_end_matches('"');
    let requested =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).unwrap();
    let requested = String::from_utf8(requested).unwrap();
    let stronger = tenant.sign_in(connie, password, Some(&requested)).await;
    let token = client
        .on_behalf_of(CONTOSO, &stronger, NOTIFY)
        .await
        .unwrap();
    assert_eq!(claims(token.reveal())["scp"], "Notify.Send");
}

#[tokio::test]
async fn defect_8_token_that_cannot_be_exchanged_is_a_permanent_error() {
    let mut tenant = tenant().await;
    let client = tenant.client(secret());
    let ada = tenant.ada().await;
    let own = client.as_itself(AUDIT).await.unwrap();
    let exchanged = client.on_behalf_of(CONTOSO, &ada, NOTIFY).await.unwrap();
    for (label, home, assertion, scope, reason) in [
        (
            "another tenant's endpoint",
            FABRIKAM,
            ada.as_str(),
            NOTIFY,
            "scope_refused",
        ),
        (
            "no such tenant",
            "nowhere/../x",
            &ada,
            NOTIFY,
            "request_refused",
        ),
        (
            "the common endpoint",
            "common",
            &ada,
            NOTIFY,
            "request_refused",
        ),
        (
            "an application's token",
            CONTOSO,
            own.reveal(),
            NOTIFY,
            "assertion_refused",
        ),
        (
            "a token for the service itself",
            CONTOSO,
            exchanged.reveal(),
            NOTIFY,
            "assertion_refused",
        ),
        ("no token", CONTOSO, "a.b.c", NOTIFY, "assertion_refused"),
        (
            "an unknown service",
            CONTOSO,
            &ada,
            "api://nowhere/.default",
            "scope_refused",
        ),
    ] {
        let error = client
            .on_behalf_of(home, assertion, scope)
            .await
            .unwrap_err();
        assert!(!error.is_transient(), "{label}: {error}");
        // In another tenant both the assertion and the resource are unknown, and the endpoint may
        // report either.
        let either = [reason, "assertion_refused"];
        assert!(
            either.contains(&error.reason()),
            "{label}: {} {error}",
            error.reason()
        );
    }
    // Consent is missing, and only the user or an administrator can give it.
    let unconsented = client.on_behalf_of(CONTOSO, &ada, AUDIT).await.unwrap_err();
    assert_eq!(unconsented.reason(), "interaction_required");
}

#[tokio::test]
async fn metrics_count_requests_by_grant_and_reason_code() {
    let mut tenant = tenant().await;
    let client = tenant.client(secret());
    let ada = tenant.ada().await;
    for _ in 0..3 {
        client.on_behalf_of(CONTOSO, &ada, NOTIFY).await.unwrap();
    }
    client.as_itself(AUDIT).await.unwrap();
    client
        .on_behalf_of(CONTOSO, "a.b.c", NOTIFY)
        .await
        .unwrap_err();
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &tenant.registry).unwrap();
    for line in [
        r#"portcullis_token_lookups_total{grant="on_behalf_of",outcome="hit"} 2"#,
        r#"portcullis_token_lookups_total{grant="on_behalf_of",outcome="miss"} 2"#,
        r#"portcullis_token_requests_total{grant="on_behalf_of",outcome="issued"} 1"#,
        r#"portcullis_token_requests_total{grant="on_behalf_of",outcome="assertion_refused"} 1"#,
        r#"portcullis_token_requests_total{grant="client_credentials",outcome="issued"} 1"#,
        "portcullis_tokens_cached 3",
        "portcullis_token_request_duration_seconds_count 3",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
    assert!(!text.contains(CONTOSO) && !text.contains("eyJ"), "{text}");
}
