//! Assertions by a MAC key, which this service and the authz server share.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_assertion::{HEADER, MacKeys};
use portcullis_guard::Guard;
use portcullis_runtime::Process;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::authz::{AuthzServer, assertion};
use crate::issuer::Issuer;
use crate::protected_service::{ProtectedService, settings};
use crate::{CONTOSO, TASK_API, UPSTREAM};

const LINE: &str = "GET /me?page=2";
const NOT_GENUINE: &str = "assertion_not_genuine";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEXT_KEY: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

/// A key file that is replaced by a rename, as Kubernetes does it.
struct KeyFile(TempDir);

impl KeyFile {
    fn new(text: &str) -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        file.replace(text);
        file
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("task-api")
    }

    fn text(&self) -> String {
        self.path().display().to_string()
    }

    fn replace(&self, text: &str) {
        let next = self.0.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, self.path()).unwrap();
    }
}

fn by(key: &str) -> String {
    MacKeys::parse(key).unwrap().sign(&assertion()).unwrap()
}

#[tokio::test]
async fn algorithm_counts_if_its_flag_is_given() {
    struct Case<'a> {
        name: &'static str,
        flags: Vec<&'a str>,
        hs256: bool,
        es256: bool,
    }
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let file = KeyFile::new(KEY);
    let (mac, public) = (
        ["--gateway-mac-key", &*file.text()],
        ["--gateway-keys", &*authz.keys_url],
    );
    for Case {
        name,
        flags,
        hs256,
        es256,
    } in [
        Case {
            name: "a MAC key",
            flags: mac.to_vec(),
            hs256: true,
            es256: false,
        },
        Case {
            name: "public keys",
            flags: public.to_vec(),
            hs256: false,
            es256: true,
        },
        Case {
            name: "both",
            flags: [mac, public].concat(),
            hs256: true,
            es256: true,
        },
    ] {
        let service =
            ProtectedService::start_with(&issuer, &[&flags[..], &["--trust-gateway"]].concat())
                .await;
        for (accepted, token) in [(hs256, by(KEY)), (es256, authz.sign(&assertion()))] {
            let answer = service.answer(LINE, &[(HEADER, &token)]).await;
            if accepted {
                let expected = json!({
                    "oid": "asserted", "tenant": CONTOSO, "name": "Renée", "roles": ["Reader"],
                    "token": null,
                });
                assert_eq!((answer.status, answer.body), (200, expected), "{name}");
            } else {
                answer.must_be_unauthorized(NOT_GENUINE, "Bearer", name);
            }
        }
        service
            .answer(LINE, &[(HEADER, &by(NEXT_KEY))])
            .await
            .must_be_unauthorized(NOT_GENUINE, "Bearer", "another key");
    }
}

#[tokio::test]
async fn mac_key_needs_no_connection_to_the_authz_server() {
    let issuer = Issuer::start().await;
    let file = KeyFile::new(KEY);
    // Nothing listens there.
    let flags = [
        "--gateway-mac-key",
        &*file.text(),
        "--gateway-keys",
        "http://127.0.0.1:1/keys",
        "--trust-gateway",
    ];
    let service = ProtectedService::start_with(&issuer, &flags).await;
    assert_eq!(
        service.answer(LINE, &[(HEADER, &by(KEY))]).await.status,
        200
    );
    for (algorithm, expected) in [
        ("HS256", (401, NOT_GENUINE)),
        ("ES256", (503, "gateway_keys_unavailable")),
    ] {
        let header =
            URL_SAFE_NO_PAD.encode(json!({"alg": algorithm, "kid": "made up"}).to_string());
        let answer = service
            .answer(LINE, &[(HEADER, &format!("{header}.e30.AAAA"))])
            .await;
        assert_eq!(
            (answer.status, answer.body["reason"].as_str().unwrap()),
            expected,
            "{algorithm}"
        );
    }
}

#[tokio::test]
async fn published_key_is_never_a_mac_key() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let file = KeyFile::new(KEY);
    let published = issuer
        .http
        .get(&authz.keys_url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let jwk = serde_json::from_str::<serde_json::Value>(&published).unwrap()["keys"][0].clone();
    let good = authz.sign(&assertion());
    let claims = good.split('.').nth(1).unwrap();
    let own_id = MacKeys::parse(KEY).unwrap().key_ids()[0].to_owned();
    for flags in [
        vec![],
        vec!["--gateway-mac-key", &*file.text()]
            .into_iter()
            .map(str::to_owned)
            .collect(),
    ] {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let always = ["--gateway-keys", &*authz.keys_url, "--trust-gateway"];
        let service = ProtectedService::start_with(&issuer, &[&always[..], &flags].concat()).await;
        for secret in [
            &published,
            &jwk.to_string(),
            jwk["x"].as_str().unwrap(),
            jwk["kid"].as_str().unwrap(),
        ] {
            for kid in [jwk["kid"].as_str().unwrap(), &own_id] {
                let header = json!({"alg": "HS256", "typ": "JWT", "kid": kid}).to_string();
                let content = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
                let tag = hmac::sign(
                    &hmac::Key::new(HMAC_SHA256, secret.as_bytes()),
                    content.as_bytes(),
                );
                let forged = format!("{content}.{}", URL_SAFE_NO_PAD.encode(tag));
                let answer = service.answer(LINE, &[(HEADER, &forged)]).await;
                answer.must_be_unauthorized(NOT_GENUINE, "Bearer", &format!("{kid} {flags:?}"));
            }
        }
    }
}

#[tokio::test]
async fn request_is_accepted_once_whatever_signs_it() {
    let issuer = Issuer::start().await;
    let authz = AuthzServer::start().await;
    let file = KeyFile::new(KEY);
    let flags = [
        "--gateway-mac-key",
        &*file.text(),
        "--gateway-keys",
        &authz.keys_url,
        "--trust-gateway",
    ];
    let service = ProtectedService::start_with(&issuer, &flags).await;
    let once = assertion();
    let mac = MacKeys::parse(KEY).unwrap().sign(&once).unwrap();
    assert_eq!(service.answer(LINE, &[(HEADER, &mac)]).await.status, 200);
    for again in [mac, authz.sign(&once)] {
        let answer = service.answer(LINE, &[(HEADER, &again)]).await;
        answer.must_be_unauthorized("assertion_replayed", "Bearer", "a copy");
    }
}

/// Sends new assertions by `key` until the answer has `status`.
async fn becomes(service: &ProtectedService, key: &str, status: u16) {
    let answered = async {
        let mut pause = interval(Duration::from_millis(50));
        while service.answer(LINE, &[(HEADER, &by(key))]).await.status != status {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(5), answered)
        .await
        .unwrap_or_else(|_| panic!("never {status}"));
}

#[tokio::test]
async fn changed_key_file_counts_and_an_unusable_one_changes_nothing() {
    let issuer = Issuer::start().await;
    let file = KeyFile::new(KEY);
    let flags = ["--gateway-mac-key", &*file.text(), "--trust-gateway"];
    let service = ProtectedService::start_with(&issuer, &flags).await;
    becomes(&service, KEY, 200).await;
    file.replace(&format!("{KEY}\n{NEXT_KEY}\n"));
    becomes(&service, NEXT_KEY, 200).await;
    becomes(&service, KEY, 200).await;
    // Each bad file stays in place for longer than the time between polls.
    for bad in ["", "c2hvcnQ=", "-----BEGIN PRIVATE KEY-----"] {
        file.replace(bad);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        becomes(&service, KEY, 200).await;
        becomes(&service, NEXT_KEY, 200).await;
    }
    std::fs::remove_file(file.path()).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    becomes(&service, KEY, 200).await;
    file.replace(NEXT_KEY);
    becomes(&service, KEY, 401).await;
    becomes(&service, NEXT_KEY, 200).await;
}

#[tokio::test]
async fn unusable_key_file_stops_the_start_and_is_named() {
    struct Case {
        name: &'static str,
        content: Option<&'static str>,
        part: &'static str,
    }
    let issuer = Issuer::start().await;
    for Case {
        name,
        content,
        part,
    } in [
        Case {
            name: "an empty file",
            content: Some(""),
            part: "holds no key",
        },
        Case {
            name: "a short key",
            content: Some("c2hvcnQ="),
            part: "line 1",
        },
        Case {
            name: "no file",
            content: None,
            part: "cannot be read",
        },
    ] {
        let file = KeyFile::new(content.unwrap_or_default());
        if content.is_none() {
            std::fs::remove_file(file.path()).unwrap();
        }
        let settings = settings(
            &issuer.authority(),
            &["--gateway-mac-key", &file.text(), "--trust-gateway"],
        );
        let http = issuer.http.clone();
        let error = Guard::start(
            &settings,
            http,
            UPSTREAM,
            Some(TASK_API),
            &Process::detached(),
        )
        .await
        .unwrap_err();
        let message = format!("{error:#}");
        for part in ["--gateway-mac-key", &file.text(), part] {
            assert!(
                message.contains(part),
                "{name}: '{part}' is missing in: {message}"
            );
        }
    }
}
