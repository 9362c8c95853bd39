//! Assertions, which count only if the service trusts the authz server.

use std::time::Duration;

use portcullis_assertion::{Assertion, HEADER, Signer};
use portcullis_token::unix_now;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};

use crate::CONTOSO;
use crate::authz::{AuthzServer, assertion, bound};
use crate::issuer::Issuer;
use crate::protected_service::{GatewayTrust, ProtectedService};

const LINE: &str = "GET /me?page=2";
const NOT_GENUINE: &str = "assertion_not_genuine";

#[tokio::test]
async fn good_assertion_becomes_its_caller_without_a_token() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let answer = service
        .answer(LINE, &[(HEADER, &authz.sign(&assertion()))])
        .await;
    let expected = json!({
        "oid": "asserted", "tenant": CONTOSO, "name": "Renée", "roles": ["Reader"], "token": null,
    });
    assert_eq!((answer.status, answer.body), (200, expected));
}

#[tokio::test]
async fn token_beside_an_assertion_is_kept_and_does_not_change_the_caller() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let token = issuer.sign(&issuer.claims(CONTOSO)).await;
    let headers = [
        (HEADER, &*authz.sign(&assertion())),
        ("authorization", &format!("Bearer {token}")),
    ];
    let body = service.answer(LINE, &headers).await.body;
    assert_eq!(
        (&body["oid"], &body["token"]),
        (&json!("asserted"), &json!(token))
    );
}

#[tokio::test]
async fn other_assertion_is_denied_even_beside_a_good_token() {
    struct Case {
        name: &'static str,
        assertions: Vec<String>,
        reason: &'static str,
    }
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let token = format!("Bearer {}", issuer.sign(&issuer.claims(CONTOSO)).await);
    let good = authz.sign(&assertion());
    let signed = |changed: Assertion| vec![authz.sign(&changed)];
    for Case {
        name,
        assertions,
        reason,
    } in [
        Case {
            name: "another upstream's",
            assertions: signed(Assertion {
                audience: "audit".to_owned(),
                ..assertion()
            }),
            reason: "assertion_for_other_upstream",
        },
        Case {
            name: "another method's",
            assertions: signed(Assertion {
                request: Some(bound("DELETE", "/me?page=2")),
                ..assertion()
            }),
            reason: "assertion_for_other_request",
        },
        Case {
            name: "another path's",
            assertions: signed(Assertion {
                request: Some(bound("GET", "/me")),
                ..assertion()
            }),
            reason: "assertion_for_other_request",
        },
        Case {
            name: "any request's",
            assertions: signed(Assertion {
                request: None,
                ..assertion()
            }),
            reason: "assertion_not_bound",
        },
        Case {
            name: "old",
            assertions: signed(Assertion {
                issued_at: unix_now() - 90,
                ..assertion()
            }),
            reason: "assertion_out_of_time",
        },
        Case {
            name: "from the future",
            assertions: signed(Assertion {
                issued_at: unix_now() + 60,
                ..assertion()
            }),
            reason: "assertion_out_of_time",
        },
        Case {
            name: "of an unknown key",
            assertions: vec![Signer::generate().unwrap().sign(&assertion()).unwrap()],
            reason: NOT_GENUINE,
        },
        Case {
            name: "garbage",
            assertions: vec!["garbage".to_owned()],
            reason: NOT_GENUINE,
        },
        Case {
            name: "empty",
            assertions: vec![String::new()],
            reason: NOT_GENUINE,
        },
        Case {
            name: "two",
            assertions: vec![good.clone(), good.clone()],
            reason: NOT_GENUINE,
        },
        Case {
            name: "two in one line",
            assertions: vec![format!("{good},{good}")],
            reason: NOT_GENUINE,
        },
    ] {
        let mut headers: Vec<(&str, &str)> = assertions
            .iter()
            .map(|assertion| (HEADER, assertion.as_str()))
            .collect();
        service
            .answer(LINE, &headers)
            .await
            .must_be_unauthorized(reason, "Bearer", name);
        headers.push(("authorization", &token));
        service.answer(LINE, &headers).await.must_be_unauthorized(
            reason,
            "Bearer",
            &format!("{name}, with a token"),
        );
    }
}

#[tokio::test]
async fn assertion_is_accepted_once() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let once = assertion();
    let token = format!("Bearer {}", issuer.sign(&issuer.claims(CONTOSO)).await);
    assert_eq!(
        service
            .answer(LINE, &[(HEADER, &authz.sign(&once))])
            .await
            .status,
        200
    );
    // The signature differs each time, but the id of the request is the same.
    for (name, headers) in [
        ("a copy", vec![(HEADER, authz.sign(&once))]),
        (
            "a copy beside a token",
            vec![(HEADER, authz.sign(&once)), ("authorization", token)],
        ),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(header, value)| (*header, value.as_str()))
            .collect();
        service.answer(LINE, &headers).await.must_be_unauthorized(
            "assertion_replayed",
            "Bearer",
            name,
        );
    }
    assert_eq!(
        service
            .answer(LINE, &[(HEADER, &authz.sign(&assertion()))])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn assertion_is_ignored_if_the_authz_server_is_not_trusted() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::Off).await;
    let answer = service
        .answer(LINE, &[(HEADER, &authz.sign(&assertion()))])
        .await;
    answer.must_be_unauthorized("token_missing", "Bearer", "an assertion");
}

#[tokio::test]
async fn keys_of_a_restarted_authz_server_are_fetched() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let of_the_old_key = authz.sign(&assertion());
    assert_eq!(
        service
            .answer(LINE, &[(HEADER, &of_the_old_key)])
            .await
            .status,
        200
    );
    authz.restart();
    // Fetches for unknown keys are a second apart, whatever clients send.
    let accepted = async {
        let mut pause = interval(Duration::from_millis(50));
        while service
            .answer(LINE, &[(HEADER, &authz.sign(&assertion()))])
            .await
            .status
            != 200
        {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(10), accepted)
        .await
        .expect("the new key is never accepted");
    let answer = service.answer(LINE, &[(HEADER, &of_the_old_key)]).await;
    answer.must_be_unauthorized(NOT_GENUINE, "Bearer", "the old key is no longer published");
}

#[tokio::test]
async fn missing_assertion_keys_are_a_fault_and_tokens_still_count() {
    let issuer = Issuer::start().await;
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let service =
        ProtectedService::start(&issuer, &format!("http://{free}/keys"), GatewayTrust::On).await;
    let assertion = Signer::generate().unwrap().sign(&assertion()).unwrap();
    let answer = service.answer(LINE, &[(HEADER, &assertion)]).await;
    assert_eq!(
        (answer.status, &answer.body["reason"]),
        (503, &json!("gateway_keys_unavailable"))
    );
    let token = format!("Bearer {}", issuer.sign(&issuer.claims(CONTOSO)).await);
    assert_eq!(
        service
            .answer(LINE, &[("authorization", &token)])
            .await
            .status,
        200
    );
}
