//! Compares the memory that the server accounts for with its resident memory. Each case runs in a
//! process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a measurement may fail by panicking"
)]

mod check_request;

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portcullis_bench::{IssuerKey, NOW};
use portcullis_policy::RateLimit;
use portcullis_server::{Handler, MeasuredLimits};
use reqwest::Client;
use tokio::runtime::Builder;

use self::check_request::check_request;

const MIB: u64 = 1024 * 1024;
/// Maximum excess of resident memory over the capacity, in percent. The allocator keeps pages that
/// are partly free, most of them where entries of several KiB are evicted all the time. The process
/// itself takes a few MiB.
const TOLERANCE: u64 = 30;
const PROCESS: u64 = 16 * MIB;

/// The entries to hold, and the memory for them.
struct Case {
    name: &'static str,
    capacity: u64,
    run: fn(&Self, Scale) -> Held,
}

/// Whether to run a whole case. `cargo test` runs benches too, only to see whether they start.
#[derive(Clone, Copy)]
struct Scale {
    whole: bool,
}

struct Held {
    count: usize,
    accounted: u64,
}

const CASES: [Case; 6] = [
    Case {
        name: "a million tokens",
        capacity: 640 * MIB,
        run: tokens,
    },
    Case {
        name: "more tokens than fit",
        capacity: 64 * MIB,
        run: tokens,
    },
    Case {
        name: "role lists of 8 KiB, no two alike",
        capacity: 64 * MIB,
        run: roles,
    },
    Case {
        name: "assertions for any request",
        capacity: 64 * MIB,
        run: assertions,
    },
    Case {
        name: "100,000 callers, 1,000 a minute",
        capacity: 224 * MIB,
        run: limits,
    },
    Case {
        name: "a million addresses, one request",
        capacity: 16 * MIB,
        run: addresses,
    },
];

impl Scale {
    fn of(self, count: usize) -> usize {
        if self.whole { count } else { count / 1000 }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let scale = Scale {
        whole: arguments.iter().any(|argument| argument == "--bench"),
    };
    let named = |case: &&Case| arguments.iter().any(|argument| argument == case.name);
    if let Some(case) = CASES.iter().find(named) {
        return measure(case, scale);
    }
    println!(
        "{:36}{:>10}{:>12}{:>12}{:>12}{:>10}",
        "MiB", "held", "set aside", "accounted", "resident", "bytes"
    );
    let run = |case: &Case| {
        let mode = scale.whole.then_some("--bench");
        let status = Command::new(std::env::current_exe().unwrap())
            .arg(case.name)
            .args(mode)
            .status();
        status.unwrap().success()
    };
    if CASES.iter().filter(|case| run(case)).count() == CASES.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs a case and prints its line. Fails if it takes more memory than the capacity allows.
fn measure(case: &Case, scale: Scale) -> ExitCode {
    let Held { count, accounted } = (case.run)(case, scale);
    let resident = resident();
    let each = resident / count.max(1) as u64;
    let mib = |bytes: u64| bytes / MIB;
    println!(
        "{:36}{count:>10}{:>12}{:>12}{:>12}{each:>10}",
        case.name,
        mib(case.capacity),
        mib(accounted),
        mib(resident)
    );
    let most = case.capacity + case.capacity / 100 * TOLERANCE + PROCESS;
    if accounted <= case.capacity && resident <= most {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The resident memory of this process in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn tokens(case: &Case, scale: Scale) -> Held {
    answer(case, "request", scale.of(1_000_000), IssuerKey::token)
}

fn assertions(case: &Case, scale: Scale) -> Held {
    answer(case, "identity", scale.of(100_000), IssuerKey::token)
}

fn roles(case: &Case, scale: Scale) -> Held {
    answer(case, "request", scale.of(20_000), |key, user| {
        let role = |index: usize| format!("{user:08}.{index:030}");
        let roles: Vec<String> = (0..200).map(role).chain(["Editor".to_owned()]).collect();
        key.token_with_roles(user, &roles)
    })
}

/// Lets a handler answer one request with each user's token.
fn answer(
    case: &Case,
    bind: &str,
    users: usize,
    token: impl Fn(&IssuerKey, usize) -> anyhow::Result<String> + Sync,
) -> Held {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let key = Arc::new(IssuerKey::es256().unwrap());
    let policies = key.unlimited_policies(bind).unwrap();
    let handler = runtime
        .block_on(Handler::start(&policies, Client::new(), case.capacity))
        .unwrap();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for part in 0..threads {
            let handler = &handler;
            let key = &key;
            let runtime = &runtime;
            let token = &token;
            scope.spawn(move || {
                for user in (part..users).step_by(threads) {
                    let request = check_request(&token(key, user).unwrap());
                    runtime.block_on(handler.answer_at(request, NOW)).unwrap();
                }
            });
        }
    });
    let (count, accounted) = handler.cached();
    // Not dropped, because resident memory is read later.
    std::mem::forget(handler);
    Held { count, accounted }
}

fn limits(case: &Case, scale: Scale) -> Held {
    let limit = RateLimit {
        requests: 1000,
        per: Duration::from_mins(1),
    };
    count(case, limit, scale.of(100_000), |request, caller| {
        // Every 60 ms with a jitter.
        let chance = (request << 32 | caller).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58;
        Duration::from_millis(request * 60 + chance)
    })
}

fn addresses(case: &Case, scale: Scale) -> Held {
    let limit = RateLimit {
        requests: 1,
        per: Duration::from_mins(1),
    };
    count(case, limit, scale.of(1_000_000), |_, _| Duration::ZERO)
}

/// Lets each of `callers` use up the limit.
fn count(
    case: &Case,
    limit: RateLimit,
    callers: usize,
    time: impl Fn(u64, u64) -> Duration,
) -> Held {
    let limits = MeasuredLimits::new(usize::try_from(case.capacity).unwrap());
    let mut admitted = 0;
    for request in 0..u64::from(limit.requests) {
        for caller in 0..callers as u64 {
            admitted += u64::from(limits.admit(caller, limit, time(request, caller)));
        }
    }
    let (windows, bytes) = limits.held();
    assert!(admitted >= windows as u64);
    std::mem::forget(limits);
    Held {
        count: windows,
        accounted: bytes as u64,
    }
}
