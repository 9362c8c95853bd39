//! Tokens of a federated issuer, such as a cluster's, in place of a secret.

use std::path::Path;

use http::StatusCode;
use serde_json::{Value, json};

use super::{Change, REGISTERED, STRANGE, TYPE, code, directory, form, merged, now};
use crate::fixture::{CONTOSO, Fixture, NO_RIGHTS, decode, obo_form, with};
use crate::signing_key::SigningKey;

const CLUSTER: &str = "https://kubernetes.default.svc.cluster.local";
const SUBJECT: &str = "system:serviceaccount:portcullis:task-api";
const EXCHANGE: &str = "api://AzureADTokenExchange";

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
    for change in [
        Change::claims(
            "issuer with a slash",
            json!({"iss": format!("{CLUSTER}/")}),
            700_211,
        ),
        Change::claims(
            "issuer in upper case",
            json!({"iss": CLUSTER.to_uppercase()}),
            700_211,
        ),
        Change::claims(
            "subject of another namespace",
            json!({"sub": "system:serviceaccount:other:task-api"}),
            700_213,
        ),
        Change::claims(
            "subject in another case",
            json!({"sub": "system:serviceaccount:Portcullis:task-api"}),
            7_002_138,
        ),
        Change::claims(
            "another audience",
            json!({"aud": ["https://kubernetes.default.svc"]}),
            700_212,
        ),
        Change::claims(
            "two audiences",
            json!({"aud": [EXCHANGE, "https://kubernetes.default.svc"]}),
            700_212,
        ),
        Change::claims(
            "audience in lower case",
            json!({"aud": EXCHANGE.to_lowercase()}),
            700_212,
        ),
        Change::claims("no audience", json!({"aud": []}), 700_212),
        Change::claims("expired", json!({"exp": now() - 301}), 700_024),
        Change::claims("not yet valid", json!({"nbf": now() + 400}), 700_024),
        Change::header("unknown kid", json!({"kid": "unknown"}), 700_027),
        Change::header("no kid", json!({"kid": null}), 700_027),
        Change::header("another alg", json!({"alg": "PS256"}), 700_027),
        Change::header("alg none", json!({"alg": "none"}), 700_027),
    ] {
        let answer = code(
            &fixture,
            &form(&projected(&REGISTERED, &change.header, &change.claims)),
        )
        .await;
        assert_eq!(answer.1, change.denied_with, "{}", change.name);
        assert_ne!(answer.0, StatusCode::OK, "{}", change.name);
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
    struct Case<'a> {
        name: &'static str,
        fixture: Fixture,
        issuer: &'a str,
    }

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
    let slash = format!("{origin}/");
    for Case {
        name,
        fixture,
        issuer,
    } in [
        Case {
            name: "metadata of another issuer",
            fixture: by_issuer(&slash, ""),
            issuer: slash.as_str(),
        },
        Case {
            name: "missing page",
            fixture: by_issuer(CLUSTER, &format!(", keysUrl: '{origin}/nothing'")),
            issuer: CLUSTER,
        },
        Case {
            name: "missing file",
            fixture: by_issuer(CLUSTER, ", keysFile: /absent/jwks.json"),
            issuer: CLUSTER,
        },
    ] {
        assert_eq!(
            code(&fixture, &form(&issued(issuer))).await.1,
            50166,
            "{name}: {issuer}"
        );
    }
}
