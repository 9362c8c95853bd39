//! Certificates (RFC 7523) in place of a secret.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::{Change, REGISTERED, STRANGE, TYPE, code, directory, form, merged, now};
use crate::fixture::{
    CONTOSO, Fixture, NO_RIGHTS, NOTIFICATION, TASK_API, WEB, decode, obo_form, with,
};
use crate::signing_key::SigningKey;

fn thumbprint(key: &SigningKey) -> String {
    let der = CertificateDer::from_pem_slice(key.certificate_pem().as_bytes()).unwrap();
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &der))
}

fn with_certificate(key: &SigningKey) -> Fixture {
    registering(&key.certificate_pem())
}

fn registering(pem: &str) -> Fixture {
    let block = pem.trim_end().replace('\n', "\n        ");
    directory(&format!("    certificates:\n      - |\n        {block}\n"))
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
    struct Case {
        name: &'static str,
        header: Value,
        claims: Value,
    }

    let fixture = with_certificate(&REGISTERED);
    let plain = |text: &str| text.replace('-', "+").replace('_', "/");
    let (sha256, sha1) = (thumbprint(&REGISTERED), REGISTERED.x5t.clone());
    let older = |x5t: String| json!({"alg": "RS256", "x5t#S256": null, "x5t": x5t});
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of this century are exact"
    )]
    let fractional = |seconds: i64| json!(seconds as f64 + 0.507);
    for Case {
        name,
        header,
        claims,
    } in [
        Case {
            name: "MSAL Python: fractions of a second",
            header: json!({}),
            claims: json!({"exp": fractional(now() + 595), "iat": fractional(now() - 5),
                "nbf": null}),
        },
        Case {
            name: "msal-common: nbf rounded up",
            header: json!({}),
            claims: json!({"nbf": now() + 1, "iat": null, "exp": now() + 601}),
        },
        Case {
            name: "clock that is ahead",
            header: json!({}),
            claims: json!({"nbf": now() + 240, "iat": null, "exp": now() + 540}),
        },
        Case {
            name: "clock that is behind",
            header: json!({}),
            claims: json!({"nbf": now() - 700, "iat": null, "exp": now() - 200}),
        },
        Case {
            name: "MSAL Python, msal4j: padded x5t",
            header: older(format!("{sha1}=")),
            claims: json!({}),
        },
        Case {
            name: "MSAL Go: x5t in plain base64",
            header: older(format!("{}=", plain(&sha1))),
            claims: json!({}),
        },
        Case {
            name: "padded x5t#S256",
            header: json!({"x5t#S256": format!("{sha256}=")}),
            claims: json!({}),
        },
        Case {
            name: "x5t#S256 in plain base64",
            header: json!({"x5t#S256": format!("{}=", plain(&sha256))}),
            claims: json!({}),
        },
    ] {
        let (status, reply) = fixture
            .token(CONTOSO, &form(&own(&REGISTERED, &header, &claims)))
            .await;
        assert_eq!(status, StatusCode::OK, "{name}: {reply}");
    }
}

#[tokio::test]
async fn certificate_assertions_with_bad_headers_or_claims_are_denied() {
    struct Unverifiable<'a> {
        name: &'static str,
        assertion: &'a str,
        expected: u32,
    }

    let fixture = with_certificate(&REGISTERED);
    let none = json!({});
    for change in [
        Change::header(
            "another certificate",
            json!({"x5t#S256": thumbprint(&STRANGE)}),
            700_027,
        ),
        Change::header("no thumbprint", json!({"x5t#S256": null}), 700_027),
        Change::header(
            "thumbprint in lower case",
            json!({"x5t#S256": thumbprint(&REGISTERED).to_lowercase()}),
            700_027,
        ),
        Change::header(
            "another certificate by x5t",
            json!({"x5t#S256": null, "x5t": STRANGE.x5t}),
            700_027,
        ),
        Change::header("alg none", json!({"alg": "none"}), 700_027),
        Change::header("alg of another kind", json!({"alg": "HS256"}), 700_027),
        Change::header("alg in lower case", json!({"alg": "ps256"}), 700_027),
        Change::claims(
            "audience without a tenant",
            json!({"aud": "https://localhost:8443/oauth2/v2.0/token"}),
            700_023,
        ),
        Change::claims(
            "audience of v1.0",
            json!({"aud": format!("https://localhost:8443/{CONTOSO}/oauth2/token")}),
            700_023,
        ),
        Change::claims("two audiences", json!({"aud": ["a", "b"]}), 700_023),
        Change::claims("another subject", json!({"sub": WEB}), 700_021),
        Change::claims(
            "expired",
            json!({"exp": now() - 301, "iat": now() - 600, "nbf": now() - 600}),
            700_024,
        ),
        Change::claims("not yet valid", json!({"nbf": now() + 400}), 700_024),
        Change::claims("lives too long", json!({"exp": now() + 700}), 700_024),
        Change::claims(
            "lives too long without a start",
            json!({"exp": now() + 700, "iat": null, "nbf": null}),
            700_024,
        ),
        Change::claims(
            "issued too long before its end",
            json!({"nbf": null, "iat": now() - 3600}),
            700_024,
        ),
        Change::claims("no jti", json!({"jti": null}), 50027),
        Change::claims("no exp", json!({"exp": null}), 50027),
        Change::claims("exp is text", json!({"exp": "soon"}), 50027),
        Change::claims("no sub", json!({"sub": null}), 50027),
        // The application has no federated credential for this issuer.
        Change::claims("another issuer", json!({"iss": WEB}), 70021),
    ] {
        let answer = code(
            &fixture,
            &form(&own(&REGISTERED, &change.header, &change.claims)),
        )
        .await;
        assert_eq!(answer.1, change.denied_with, "{}", change.name);
        assert_ne!(answer.0, StatusCode::OK, "{}", change.name);
    }
    // Signed with another key than the named one, and without a signature.
    let forged = own(&STRANGE, &none, &none);
    let unsigned = format!("{}.", forged.rsplit_once('.').unwrap().0);
    for Unverifiable {
        name,
        assertion,
        expected,
    } in [
        Unverifiable {
            name: "signed with another key",
            assertion: forged.as_str(),
            expected: 700_027,
        },
        Unverifiable {
            name: "unsigned",
            assertion: &unsigned,
            expected: 700_027,
        },
        Unverifiable {
            name: "two parts",
            assertion: "a.b",
            expected: 50027,
        },
        Unverifiable {
            name: "empty header and claims",
            assertion: "e30.e30.",
            expected: 50027,
        },
    ] {
        assert_eq!(
            code(&fixture, &form(assertion)).await.1,
            expected,
            "{name}: {assertion}"
        );
    }
}

#[tokio::test]
async fn certificate_of_another_application_or_wrong_type_is_denied() {
    struct Case {
        name: &'static str,
        field: &'static str,
        value: &'static str,
        expected: u32,
    }

    let fixture = with_certificate(&REGISTERED);
    let assertion = own(&REGISTERED, &json!({}), &json!({}));
    let good = form(&assertion);
    for Case {
        name,
        field,
        value,
        expected,
    } in [
        Case {
            name: "no type",
            field: "client_assertion_type",
            value: "",
            expected: 900_144,
        },
        Case {
            name: "another type",
            field: "client_assertion_type",
            value: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
            expected: 9_002_313,
        },
        Case {
            name: "a secret too",
            field: "client_secret",
            value: "task-api-secret",
            expected: 9_002_313,
        },
        Case {
            name: "public client",
            field: "client_id",
            value: WEB,
            expected: 700_025,
        },
        Case {
            name: "another client",
            field: "client_id",
            value: NO_RIGHTS,
            expected: 70021,
        },
    ] {
        assert_eq!(
            code(&fixture, &with(&good, field, value)).await.1,
            expected,
            "{name}: {field}={value}"
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
