//! Who verifies signatures: aws-lc-rs with our parsing, or jsonwebtoken, which parses too. And what signing an assertion costs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a measurement may fail by panicking")]

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{DecodingKey, Validation, decode};
use portcullis_bench::{IssuerKey, NOW};
use portcullis_token::{Audiences, ClaimNames, KeyPolicy, OidcKeys, OidcSettings, TimeRules, Verifier};
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
    let public: ParsedPublicKey = RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    group.bench_function("aws-lc-rs, signature alone, parsed key", |bencher| {
        bencher.iter(|| public.verify_sig(black_box(signed.as_bytes()), &signature).unwrap());
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
    let names = ClaimNames { subject: "oid".to_owned(), scopes: "scp".to_owned(), ..ClaimNames::default() };
    let settings = OidcSettings::new(ISSUER, &keys, &[], names).unwrap();
    let verifier = runtime.block_on(async {
        let verifier = Verifier::oidc(&Client::new(), settings, &KeyPolicy::default(), TimeRules::default());
        verifier.ready(std::time::Duration::from_secs(5)).await.unwrap();
        verifier
    });
    let audiences = Audiences::Exactly(vec![API.to_owned()]);
    group.bench_function("portcullis-token, whole token", |bencher| {
        bencher.iter(|| black_box(verifier.verify_at_hand(&token, &audiences, NOW).unwrap()));
    });
    group.finish();
}

fn sign(criterion: &mut Criterion) {
    let (random, message) = (SystemRandom::new(), vec![b'x'; 700]);
    let mut group = criterion.benchmark_group("signing an assertion");
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    group.bench_function("ES256", |bencher| bencher.iter(|| black_box(p256.sign(&random, &message).unwrap())));
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    group.bench_function("EdDSA", |bencher| bencher.iter(|| black_box(ed25519.sign(&message))));
    group.finish();
}

criterion_group!(benches, verify, sign);
criterion_main!(benches);
