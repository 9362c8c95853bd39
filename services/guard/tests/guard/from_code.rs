//! Guards that are built in code, without flags.

use std::time::Duration;

use portcullis_assertion::HEADER;
use portcullis_guard::{AssertionTrust, Guard};
use portcullis_policy::Issuer;
use portcullis_runtime::Process;
use portcullis_token::{Audiences, unix_now};
use reqwest::Client;
use serde_json::json;

use crate::UPSTREAM;
use crate::authz::{AuthzServer, assertion};
use crate::protected_service::ProtectedService;
use crate::provider::{ORDERS, Provider, claims};

const LINE: &str = "GET /me?page=2";

fn issuer(provider: &Provider) -> Issuer {
    let spec = provider.spec("");
    let document = format!(
        "{{apiVersion: portcullis.dev/v1alpha1, kind: TokenIssuer, metadata: {{name: p}}, \
         spec: {spec}}}"
    );
    Issuer::parse("issuer.yaml", &document).unwrap()
}

#[tokio::test]
async fn assertion_counts_if_the_code_trusts_it() {
    let provider = Provider::new();
    let authz = AuthzServer::start().await;
    let trust = AssertionTrust {
        upstream: UPSTREAM,
        public_keys: Some(authz.keys_url.parse().unwrap()),
        mac_keys: None,
        accept_unbound: false,
    };
    let token = format!("Bearer {}", provider.sign(&claims()));
    let audiences = || Audiences::Exactly(vec![ORDERS.to_owned()]);
    let trusting = Guard::builder(issuer(&provider), audiences()).trusting(trust);
    let wary = Guard::builder(issuer(&provider), audiences());
    for (name, builder, asserted) in [("trusting", trusting, 200), ("wary", wary, 401)] {
        let process = Process::detached();
        let http = Client::builder().no_proxy().build().unwrap();
        let guard = builder.start(http, &process).await.unwrap();
        let service = ProtectedService::behind(&guard);
        assert!(process.readiness().pending().is_empty(), "{name}");
        for (header, value, expected) in [
            (HEADER, authz.sign(&assertion()), asserted),
            ("authorization", token.clone(), 200),
            ("x-user-oid", "o".to_owned(), 401),
        ] {
            let answer = service.answer(LINE, &[(header, &value)]).await;
            assert_eq!(answer.status, expected, "{name}, {header}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn clock_of_the_code_decides_about_times() {
    let provider = Provider::new();
    let in_two_hours = || unix_now() + 7200;
    let guard = Guard::builder(
        issuer(&provider),
        Audiences::Exactly(vec![ORDERS.to_owned()]),
    )
    .issuer_wait(Duration::from_secs(1))
    .clock(in_two_hours)
    .start(Client::new(), &Process::detached())
    .await
    .unwrap();
    let service = ProtectedService::behind(&guard);
    let token = format!("Bearer {}", provider.sign(&claims()));
    let answer = service.answer(LINE, &[("authorization", &token)]).await;
    assert_eq!(
        (answer.status, &answer.body["reason"]),
        (401, &json!("token_expired"))
    );
}
