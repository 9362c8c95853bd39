//! Applications that authenticate without a secret. Each denied case changes one part of an
//! accepted assertion.

use std::path::Path;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Map, Value, json};

use crate::fixture::{
    CONTOSO, DIRECTORY, Fixture, NO_RIGHTS, NOTIFICATION, TASK_API, WEB, credentials_form, decode,
    obo_form, with,
};
use crate::signing_key::SigningKey;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const CLUSTER: &str = "https://kubernetes.default.svc.cluster.local";
const SUBJECT: &str = "system:serviceaccount:portcullis:task-api";
const EXCHANGE: &str = "api://AzureADTokenExchange";

/// Shared by all tests, because key generation takes long.
static REGISTERED: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());
static STRANGE: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn thumbprint(key: &SigningKey) -> String {
    let der = CertificateDer::from_pem_slice(key.certificate_pem().as_bytes()).unwrap();
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &der))
}

/// The development directory, with these lines added to the task API.
fn directory(lines: &str) -> Fixture {
    Fixture::with_directory(&DIRECTORY.replacen(
        "    secrets: [task-api-secret]\n",
        &format!("    secrets: [task-api-secret]\n{lines}"),
        1,
    ))
}

fn with_certificate(key: &SigningKey) -> Fixture {
    registering(&key.certificate_pem())
}

fn registering(pem: &str) -> Fixture {
    let block = pem.trim_end().replace('\n', "\n        ");
    directory(&format!("    certificates:\n      - |\n        {block}\n"))
}

fn with_federation(keys: &str) -> Fixture {
    directory(&format!(
        "    federatedCredentials:\n      - {{name: cluster, \
         issuer: '{CLUSTER}', subject: '{SUBJECT}'{keys}}}\n"
    ))
}

fn key_set(key: &SigningKey, folder: &Path) -> String {
    let file = folder.join("jwks.json");
    std::fs::write(&file, json!({"keys": [key.to_jwk(None)]}).to_string()).unwrap();
    format!(", keysFile: '{}'", file.display())
}

fn merged(mut base: Value, changes: &Value) -> Map<String, Value> {
    let members = base.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    members.clone()
}

/// The task API's own assertion, with changes to header and claims.
fn own(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let good_header = json!({"typ": "JWT", "alg": "PS256", "x5t#S256": thumbprint(&REGISTERED)});
    let good_claims = json!({
        "iss": TASK_API, "sub": TASK_API,
        "aud": format!("https://localhost:8443/{CONTOSO}/oauth2/v2.0/token"),
        "jti": "1", "iat": now() - 5, "nbf": now() - 5, "exp": now() + 300,
    });
    let header = merged(good_header, header);
    let pkcs1 = header["alg"] == "RS256";
    let encoding: &'static dyn aws_lc_rs::signature::RsaEncoding = if pkcs1 {
        &RSA_PKCS1_SHA256
    } else {
        &RSA_PSS_SHA256
    };
    key.sign_with(encoding, &header, &merged(good_claims, claims))
        .unwrap()
}

/// A service account's token as Kubernetes projects it, with changes.
fn projected(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let good = json!({
        "iss": CLUSTER, "sub": SUBJECT, "aud": [EXCHANGE], "iat": now() - 5, "nbf": now() - 5,
        "exp": now() + 3600,
        "kubernetes.io": {"namespace": "portcullis", "serviceaccount": {"name": "task-api"}},
    });
    key.sign(
        &merged(json!({"alg": "RS256", "kid": key.kid}), header),
        &merged(good, claims),
    )
    .unwrap()
}

fn form(assertion: &str) -> Vec<(&str, &str)> {
    let form = with(&credentials_form(TASK_API, "unused"), "client_secret", "");
    with(
        &with(&form, "client_assertion_type", TYPE),
        "client_assertion",
        assertion,
    )
}

async fn code(fixture: &Fixture, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let (status, body) = fixture.token(CONTOSO, form).await;
    (status, body["error_codes"][0].clone())
}

#[tokio::test]
async fn registered_certificate_replaces_the_secret_in_both_grants() {
    let fixture = with_certificate(&REGISTERED);
    let (status, reply) = fixture
        .token(CONTOSO, &form(&own(&REGISTERED, &json!({}), &json!({}))))
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(decode(&reply["access_token"]).1["azpacr"], "2");

    // Older clients still use RS256 and x5t.
    let older = json!({"alg": "RS256", "x5t#S256": null, "x5t": REGISTERED.x5t});
    assert_eq!(
        fixture
            .token(CONTOSO, &form(&own(&REGISTERED, &older, &json!({}))))
            .await
            .0,
        StatusCode::OK
    );

    let user = fixture.user_token().await;
    let assertion = own(&REGISTERED, &json!({}), &json!({}));
    let obo = with(
        &with(&obo_form(&user), "client_secret", ""),
        "client_assertion_type",
        TYPE,
    );
    let (status, reply) = fixture
        .token(CONTOSO, &with(&obo, "client_assertion", &assertion))
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let claims = decode(&reply["access_token"]).1;
    assert_eq!(
        (&claims["aud"], &claims["azpacr"]),
        (&json!(NOTIFICATION), &json!("2"))
    );
}

/// Entra accepts each of these, and unmodified clients send them.
#[tokio::test]
async fn certificate_assertions_of_real_clients_are_accepted() {
    let fixture = with_certificate(&REGISTERED);
    let plain = |text: &str| text.replace('-', "+").replace('_', "/");
    let (sha256, sha1) = (thumbprint(&REGISTERED), REGISTERED.x5t.clone());
    let older = |x5t: String| json!({"alg": "RS256", "x5t#S256": null, "x5t": x5t});
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of this century are exact"
    )]
    let fractional = |seconds: i64| json!(seconds as f64 + 0.507);
    for (name, header, claims) in [
        (
            "MSAL Python: fractions of a second",
            json!({}),
            json!({"exp": fractional(now() + 595), "iat": fractional(now() - 5), "nbf": null}),
        ),
        (
            "msal-common: nbf rounded up",
            json!({}),
            json!({"nbf": now() + 1, "iat": null, "exp": now() + 601}),
        ),
        (
            "clock that is ahead",
            json!({}),
            json!({"nbf": now() + 240, "iat": null, "exp": now() + 540}),
        ),
        (
            "clock that is behind",
            json!({}),
            json!({"nbf": now() - 700, "iat": null, "exp": now() - 200}),
        ),
        (
            "MSAL Python, msal4j: padded x5t",
            older(format!("{sha1}=")),
            json!({}),
        ),
        (
            "MSAL Go: x5t in plain base64",
            older(format!("{}=", plain(&sha1))),
            json!({}),
        ),
        (
            "padded x5t#S256",
            json!({"x5t#S256": format!("{sha256}=")}),
            json!({}),
        ),
        (
            "x5t#S256 in plain base64",
            json!({"x5t#S256": format!("{}=", plain(&sha256))}),
            json!({}),
        ),
    ] {
        let (status, reply) = fixture
            .token(CONTOSO, &form(&own(&REGISTERED, &header, &claims)))
            .await;
        assert_eq!(status, StatusCode::OK, "{name}: {reply}");
    }
}

#[tokio::test]
async fn certificate_assertions_with_bad_headers_or_claims_are_denied() {
    let fixture = with_certificate(&REGISTERED);
    let none = json!({});
    for (header, claims, expected) in [
        (
            json!({"x5t#S256": thumbprint(&STRANGE)}),
            none.clone(),
            700_027,
        ),
        (json!({"x5t#S256": null}), none.clone(), 700_027),
        (
            json!({"x5t#S256": thumbprint(&REGISTERED).to_lowercase()}),
            none.clone(),
            700_027,
        ),
        (
            json!({"x5t#S256": null, "x5t": STRANGE.x5t}),
            none.clone(),
            700_027,
        ),
        (json!({"alg": "none"}), none.clone(), 700_027),
        (json!({"alg": "HS256"}), none.clone(), 700_027),
        (json!({"alg": "ps256"}), none.clone(), 700_027),
        (
            none.clone(),
            json!({"aud": "https://localhost:8443/oauth2/v2.0/token"}),
            700_023,
        ),
        (
            none.clone(),
            json!({"aud": format!("https://localhost:8443/{CONTOSO}/oauth2/token")}),
            700_023,
        ),
        (none.clone(), json!({"aud": ["a", "b"]}), 700_023),
        (none.clone(), json!({"sub": WEB}), 700_021),
        (
            none.clone(),
            json!({"exp": now() - 301, "iat": now() - 600, "nbf": now() - 600}),
            700_024,
        ),
        (none.clone(), json!({"nbf": now() + 400}), 700_024),
        (none.clone(), json!({"exp": now() + 700}), 700_024),
        (
            none.clone(),
            json!({"exp": now() + 700, "iat": null, "nbf": null}),
            700_024,
        ),
        (
            none.clone(),
            json!({"nbf": null, "iat": now() - 3600}),
            700_024,
        ),
        (none.clone(), json!({"jti": null}), 50027),
        (none.clone(), json!({"exp": null}), 50027),
        (none.clone(), json!({"exp": "soon"}), 50027),
        (none.clone(), json!({"sub": null}), 50027),
        // The application has no federated credential for this issuer.
        (none.clone(), json!({"iss": WEB}), 70021),
    ] {
        let answer = code(&fixture, &form(&own(&REGISTERED, &header, &claims))).await;
        assert_eq!(answer.1, expected, "{header} {claims}");
        assert_ne!(answer.0, StatusCode::OK);
    }
    // Signed with another key than the named one, and without a signature.
    let forged = own(&STRANGE, &none, &none);
    let unsigned = format!("{}.", forged.rsplit_once('.').unwrap().0);
    for (assertion, expected) in [
        (forged.as_str(), 700_027),
        (&unsigned, 700_027),
        ("a.b", 50027),
        ("e30.e30.", 50027),
    ] {
        assert_eq!(
            code(&fixture, &form(assertion)).await.1,
            expected,
            "{assertion}"
        );
    }
}

#[tokio::test]
async fn certificate_of_another_application_or_wrong_type_is_denied() {
    let fixture = with_certificate(&REGISTERED);
    let assertion = own(&REGISTERED, &json!({}), &json!({}));
    let good = form(&assertion);
    for (field, value, expected) in [
        ("client_assertion_type", "", 900_144),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
            9_002_313,
        ),
        ("client_secret", "task-api-secret", 9_002_313),
        ("client_id", WEB, 700_025),
        ("client_id", NO_RIGHTS, 70021),
    ] {
        assert_eq!(
            code(&fixture, &with(&good, field, value)).await.1,
            expected,
            "{field}={value}"
        );
    }
    let as_another = own(
        &REGISTERED,
        &json!({}),
        &json!({"iss": NO_RIGHTS, "sub": NO_RIGHTS}),
    );
    let form = form(&as_another);
    assert_eq!(
        code(&fixture, &with(&form, "client_id", NO_RIGHTS)).await.1,
        700_027,
        "not its certificate"
    );
}

#[tokio::test]
async fn service_account_token_replaces_the_secret_in_both_grants() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_federation(&key_set(&REGISTERED, folder.path()));
    let assertion = projected(&REGISTERED, &json!({}), &json!({}));
    let (status, reply) = fixture.token(CONTOSO, &form(&assertion)).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(decode(&reply["access_token"]).1["azpacr"], "2");
    let user = fixture.user_token().await;
    let obo = with(
        &with(&obo_form(&user), "client_secret", ""),
        "client_assertion_type",
        TYPE,
    );
    assert_eq!(
        fixture
            .token(CONTOSO, &with(&obo, "client_assertion", &assertion))
            .await
            .0,
        StatusCode::OK
    );

    // The cluster rotates its keys: the new file takes effect at once.
    key_set(&STRANGE, folder.path());
    assert_eq!(code(&fixture, &form(&assertion)).await.1, 700_027);
    let renewed = projected(&STRANGE, &json!({}), &json!({}));
    assert_eq!(code(&fixture, &form(&renewed)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn federated_tokens_with_bad_headers_or_claims_are_denied() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_federation(&key_set(&REGISTERED, folder.path()));
    let none = json!({});
    for (header, claims, expected) in [
        (none.clone(), json!({"iss": format!("{CLUSTER}/")}), 700_211),
        (
            none.clone(),
            json!({"iss": CLUSTER.to_uppercase()}),
            700_211,
        ),
        (
            none.clone(),
            json!({"sub": "system:serviceaccount:other:task-api"}),
            700_213,
        ),
        (
            none.clone(),
            json!({"sub": "system:serviceaccount:Portcullis:task-api"}),
            7_002_138,
        ),
        (
            none.clone(),
            json!({"aud": ["https://kubernetes.default.svc"]}),
            700_212,
        ),
        (
            none.clone(),
            json!({"aud": [EXCHANGE, "https://kubernetes.default.svc"]}),
            700_212,
        ),
        (
            none.clone(),
            json!({"aud": EXCHANGE.to_lowercase()}),
            700_212,
        ),
        (none.clone(), json!({"aud": []}), 700_212),
        (none.clone(), json!({"exp": now() - 301}), 700_024),
        (none.clone(), json!({"nbf": now() + 400}), 700_024),
        (json!({"kid": "unknown"}), none.clone(), 700_027),
        (json!({"kid": null}), none.clone(), 700_027),
        (json!({"alg": "PS256"}), none.clone(), 700_027),
        (json!({"alg": "none"}), none.clone(), 700_027),
    ] {
        let answer = code(&fixture, &form(&projected(&REGISTERED, &header, &claims))).await;
        assert_eq!(answer.1, expected, "{header} {claims}");
        assert_ne!(answer.0, StatusCode::OK);
    }
    let forged = projected(&STRANGE, &json!({"kid": REGISTERED.kid}), &none);
    assert_eq!(code(&fixture, &form(&forged)).await.1, 700_027);
    let assertion = projected(&REGISTERED, &none, &none);
    assert_eq!(
        code(&fixture, &with(&form(&assertion), "client_id", NO_RIGHTS))
            .await
            .1,
        70021
    );
}

#[tokio::test]
async fn issuer_keys_come_from_metadata_or_url_or_are_unavailable() {
    use axum::{Json, Router, routing::get};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let keys = json!({"keys": [REGISTERED.to_jwk(None)]});
    let metadata = json!({"issuer": origin, "jwks_uri": format!("{origin}/jwks")});
    let router = Router::new()
        .route("/jwks", get(|| async { Json(keys) }))
        .route(
            "/.well-known/openid-configuration",
            get(|| async { Json(metadata) }),
        );
    tokio::spawn(async move { axum::serve(listener, router).await });

    let issued = |issuer: &str| projected(&REGISTERED, &json!({}), &json!({"iss": issuer}));
    let by_issuer = |issuer: &str, more: &str| {
        directory(&format!(
            "    federatedCredentials:\n      - {{name: x, \
             issuer: '{issuer}', subject: '{SUBJECT}'{more}}}\n"
        ))
    };
    let published = by_issuer(&origin, "");
    assert_eq!(
        code(&published, &form(&issued(&origin))).await.0,
        StatusCode::OK
    );
    let given = by_issuer(CLUSTER, &format!(", keysUrl: '{origin}/jwks'"));
    assert_eq!(
        code(&given, &form(&issued(CLUSTER))).await.0,
        StatusCode::OK
    );
    // Metadata of another issuer, a missing page, a missing file.
    let slash = format!("{origin}/");
    for (fixture, issuer) in [
        (by_issuer(&slash, ""), slash.as_str()),
        (
            by_issuer(CLUSTER, &format!(", keysUrl: '{origin}/nothing'")),
            CLUSTER,
        ),
        (by_issuer(CLUSTER, ", keysFile: /absent/jwks.json"), CLUSTER),
    ] {
        assert_eq!(
            code(&fixture, &form(&issued(issuer))).await.1,
            50166,
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn expired_certificate_is_denied() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = parameters.self_signed(&pair).unwrap();
    let fixture = registering(&certificate.pem());
    let key = aws_lc_rs::rsa::KeyPair::from_pkcs8(&pair.serialize_der()).unwrap();
    let x5t = URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate.der()));
    let unsigned = own(&STRANGE, &json!({"x5t#S256": x5t}), &json!({}));
    let signed = unsigned.rsplit_once('.').unwrap().0;
    let mut signature = vec![0; key.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
        .unwrap();
    let assertion = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let (status, body) = fixture.token(CONTOSO, &form(&assertion)).await;
    assert_eq!(
        (status, &body["error_codes"][0]),
        (StatusCode::UNAUTHORIZED, &json!(700_027))
    );
    assert!(
        body["error_description"]
            .as_str()
            .unwrap()
            .contains("expired"),
        "{body}"
    );
}
