//! The cost of verifying a token with aws-lc-rs, jsonwebtoken and portcullis-token, and of signing
//! and verifying an assertion.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a measurement may fail by panicking"
)]

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{DecodingKey, Validation, decode};
use portcullis_assertion::{
    ALGORITHMS, AssertedRequest, Assertion, Expected, MacKeys, Presented, Signer,
};
use portcullis_bench::{IssuerKey, NOW};
use portcullis_token::{
    Audiences, Caller, CallerKind, ClaimNames, KeyPolicy, KeySet, OidcKeys, OidcSettings,
    TimeRules, Verifier,
};
use reqwest::Client;
use serde_json::Value;
use tokio::runtime::Builder;

const ISSUER: &str = "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0";
const API: &str = "3a5c0001-0000-4000-8000-000000000001";

fn verify(criterion: &mut Criterion) {
    let key = IssuerKey::rs256().unwrap();
    let token = key.token(1).unwrap();
    let jwk = key.jwk();
    let text = |member: &str| jwk[member].as_str().unwrap().to_owned();
    let bytes = |member: &str| URL_SAFE_NO_PAD.decode(text(member)).unwrap();

    let mut group = criterion.benchmark_group("RS256, 2048 bits");
    let public: ParsedPublicKey = RsaPublicKeyComponents {
        n: bytes("n"),
        e: bytes("e"),
    }
    .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
    .unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    group.bench_function("aws-lc-rs, signature alone, parsed key", |bencher| {
        bencher.iter(|| {
            public
                .verify_sig(black_box(signed.as_bytes()), &signature)
                .unwrap();
        });
    });

    let decoding = DecodingKey::from_rsa_components(&text("n"), &text("e")).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[API]);
    validation.set_issuer(&[ISSUER]);
    validation.validate_exp = false;
    group.bench_function("jsonwebtoken, whole token", |bencher| {
        bencher.iter(|| black_box(decode::<Value>(&token, &decoding, &validation).unwrap()));
    });

    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let keys = OidcKeys::Inline(format!("{{\"keys\":[{jwk}]}}"));
    let names = ClaimNames {
        subject: "oid".to_owned(),
        scopes: "scp".to_owned(),
        ..ClaimNames::default()
    };
    let settings = OidcSettings::new(ISSUER, &keys, &[], names).unwrap();
    let verifier = runtime.block_on(async {
        let verifier = Verifier::oidc(
            &Client::new(),
            settings,
            &KeyPolicy::default(),
            TimeRules::default(),
        );
        verifier
            .ready(std::time::Duration::from_secs(5))
            .await
            .unwrap();
        verifier
    });
    let audiences = Audiences::Exactly(vec![API.to_owned()]);
    group.bench_function("portcullis-token, whole token", |bencher| {
        bencher.iter(|| black_box(verifier.verify_at_hand(&token, &audiences, NOW).unwrap()));
    });
    group.finish();
}

fn sign(criterion: &mut Criterion) {
    let random = SystemRandom::new();
    let message = vec![b'x'; 700];
    let mut group = criterion.benchmark_group("signing an assertion");
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    group.bench_function("ES256", |bencher| {
        bencher.iter(|| black_box(p256.sign(&random, &message).unwrap()));
    });
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    group.bench_function("EdDSA", |bencher| {
        bencher.iter(|| black_box(ed25519.sign(&message)));
    });
    group.finish();
}

/// The whole assertion by each algorithm, as a service verifies it for each request.
fn verify_assertion(criterion: &mut Criterion) {
    let mac = MacKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let signer = Signer::generate().unwrap();
    let public = KeySet::parse(signer.key_set().as_bytes(), ALGORITHMS).unwrap();
    let assertion = assertion();
    let by_signature = signer.sign(&assertion).unwrap();
    let by_mac = mac.sign(&assertion).unwrap();
    let path = "/api/tasks?page=2";
    let expected = Expected {
        audience: "task-api",
        method: "GET",
        path,
        accept_unbound: false,
        now: NOW,
    };
    let mut group = criterion.benchmark_group("an assertion");
    group.bench_function("verified, ES256", |bencher| {
        bencher.iter(|| {
            black_box(
                Presented::parse(&by_signature)
                    .unwrap()
                    .verify(&public, expected)
                    .unwrap(),
            )
        });
    });
    group.bench_function("verified, HS256", |bencher| {
        bencher.iter(|| {
            black_box(
                Presented::parse(&by_mac)
                    .unwrap()
                    .verify_mac(&mac, expected)
                    .unwrap(),
            )
        });
    });
    group.bench_function("signed, ES256", |bencher| {
        bencher.iter(|| black_box(signer.sign(&assertion).unwrap()));
    });
    group.bench_function("signed, HS256", |bencher| {
        bencher.iter(|| black_box(mac.sign(&assertion).unwrap()));
    });
    group.finish();
}

fn assertion() -> Assertion {
    let text = str::to_owned;
    let id = text("8a7f3c9e-5b0d-4f8b-9a51-0c2a4c1de001");
    let path = text("/api/tasks?page=2");
    Assertion {
        audience: text("task-api"),
        caller: Caller {
            tenant: text("11111111-1111-4111-8111-111111111111"),
            object_id: text("aaaaaaaa-0000-4000-8000-000000000001"),
            kind: CallerKind::User,
            actor: Some(text("3a5c0004-0000-4000-8000-000000000004")),
            name: Some(text("User Number 1")),
            email: Some(text("user.1@contoso.example")),
            roles: vec![text("Editor")],
            scopes: vec![text("access_as_user")],
        },
        request: Some(AssertedRequest {
            id,
            method: text("GET"),
            path,
        }),
        issued_at: NOW,
    }
}

criterion_group!(benches, verify, sign, verify_assertion);
criterion_main!(benches);
