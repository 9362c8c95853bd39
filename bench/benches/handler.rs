//! The handler without a network: from an encoded CheckRequest to an encoded CheckResponse, on one
//! core. Logging is off, because there is no subscriber.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement may fail by panicking"
)]

mod check_request;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use futures::FutureExt;
use portcullis_assertion::MacKeys;
use portcullis_bench::{IssuerKey, NOW};
use portcullis_server::Handler;
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};

use self::check_request::check_request;

/// The bytes 0 to 31.
const MAC_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const CACHE: u64 = 256 * 1024 * 1024;
/// Number of tokens, used in turn: more than fit into the processor's caches.
const TOKENS: usize = 1000;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn handler(criterion: &mut Criterion) {
    let key = IssuerKey::rs256().unwrap();
    let requests: Vec<_> = (0..TOKENS)
        .map(|user| check_request(&key.token(user).unwrap()))
        .collect();
    let runtime = runtime();
    for (seen, cache) in [("cached", CACHE), ("first seen", 0)] {
        for (bind, algorithm) in [
            ("none", "none"),
            ("identity", "ES256"),
            ("identity", "HS256"),
            ("request", "ES256"),
            ("request", "HS256"),
        ] {
            let policies = key.policies(bind).unwrap();
            let handler = runtime
                .block_on(Handler::start(&policies, Client::new(), cache))
                .unwrap();
            if algorithm == "HS256" {
                handler.share_mac_keys("task-api", MacKeys::parse(MAC_KEY).unwrap());
            }
            for request in &requests {
                runtime
                    .block_on(handler.answer_at(request.clone(), NOW))
                    .unwrap();
            }
            let mut turn = requests.iter().cycle();
            criterion.bench_function(
                &format!("{seen}, assertion bound to {bind}, {algorithm}"),
                |bencher| {
                    bencher.iter(|| {
                        // The keys are cached, so it never waits, and no scheduler is measured.
                        let answer = handler
                            .answer_at(turn.next().unwrap().clone(), NOW)
                            .now_or_never();
                        black_box(answer.unwrap().unwrap())
                    });
                },
            );
        }
    }
}

criterion_group!(benches, handler);
criterion_main!(benches);
