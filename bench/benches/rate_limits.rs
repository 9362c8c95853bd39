//! The cost of counting a request: of few callers, whose windows are in the processor's caches, and
//! of many, whose windows are not.
#![allow(missing_docs, reason = "a measurement has no interface")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_policy::RateLimit;
use portcullis_server::MeasuredLimits;

const MEMORY: usize = 224 * 1024 * 1024;

fn rate_limits(criterion: &mut Criterion) {
    let per_second = RateLimit {
        requests: 1000,
        per: Duration::from_secs(1),
    };
    let per_minute = RateLimit {
        requests: 100,
        per: Duration::from_mins(1),
    };
    for (name, callers, limit, step) in [
        (
            "1,000 callers, admitted",
            1000,
            per_second,
            Duration::from_micros(1),
        ),
        (
            "1,000 callers, denied",
            1000,
            per_minute,
            Duration::from_micros(1),
        ),
        (
            "50,000 callers, admitted",
            50_000,
            per_minute,
            Duration::from_micros(20),
        ),
    ] {
        let limits = MeasuredLimits::new(MEMORY);
        let mut now = Duration::ZERO;
        let mut caller = 0_u64;
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                now += step;
                caller = caller
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                black_box(limits.admit((caller >> 33) % callers, limit, now))
            });
        });
    }
}

criterion_group!(benches, rate_limits);
criterion_main!(benches);
