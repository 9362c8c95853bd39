//! Public keys that the authz server no longer publishes.

use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_assertion::{HEADER, Signer};
use tokio::time::{interval, timeout};

use crate::authz::{AuthzServer, assertion};
use crate::issuer::Issuer;
use crate::protected_service::{GatewayTrust, ProtectedService};

const LINE: &str = "GET /me?page=2";

fn pem() -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = pair.to_pkcs8v1().unwrap();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    )
}

fn signer(pem: &str) -> Signer {
    Signer::from_pem(pem.as_bytes()).unwrap()
}

async fn status(service: &ProtectedService, signer: &Signer) -> u16 {
    service
        .answer(LINE, &[(HEADER, &signer.sign(&assertion()).unwrap())])
        .await
        .status
}

#[tokio::test]
async fn removed_key_stops_verifying_within_seconds_and_polls_cost_no_document() {
    let stolen = pem();
    let kept = pem();
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start_with(signer(&format!("{stolen}{kept}"))).await;
    let service = ProtectedService::start(&issuer, &authz.keys_url, GatewayTrust::On).await;
    let stolen = signer(&stolen);
    let kept_signer = signer(&kept);
    assert_eq!(status(&service, &stolen).await, 200);
    let polled = async {
        while authz.answers().1 < 2 {
            interval(Duration::from_millis(100)).tick().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), polled)
        .await
        .expect("nothing is polled");
    assert_eq!(authz.answers().0, 1, "one document, and then 304");

    // While the authz server fails, services keep its last keys.
    authz.fail(true);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(status(&service, &stolen).await, 200);
    authz.fail(false);

    authz.publish(signer(&kept));
    let removed = Instant::now();
    let denied = async {
        let mut pause = interval(Duration::from_millis(20));
        // A known key triggers no fetch, so only the poll can notice.
        while status(&service, &stolen).await == 200 {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(5), denied)
        .await
        .expect("the removed key still verifies");
    assert!(
        removed.elapsed() < Duration::from_secs(4),
        "{:?}",
        removed.elapsed()
    );
    assert_eq!(status(&service, &stolen).await, 401);
    assert_eq!(status(&service, &kept_signer).await, 200);
}
