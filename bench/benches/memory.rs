//! How much memory a million verified tokens take, in one process that has nothing else to do.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a measurement may fail by panicking")]

use std::sync::Arc;
use std::thread;

use portcullis_bench::{IssuerKey, NOW, question};
use portcullis_server::Handler;
use reqwest::Client;
use tokio::runtime::Builder;

const TOKENS: usize = 1_000_000;
const MIB: u64 = 1024 * 1024;
/// Room for all of them.
const CACHE: u64 = 640 * MIB;
const GOAL_MIB: u64 = 512;

/// The memory that the process has in RAM.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn main() {
    // `cargo test` runs benches too, to see whether they start.
    let tokens = if std::env::args().any(|argument| argument == "--bench") { TOKENS } else { 1000 };
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let key = Arc::new(IssuerKey::es256().unwrap());
    let handler = runtime.block_on(Handler::start(&key.policies("request").unwrap(), Client::new(), CACHE)).unwrap();
    let before = resident();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for part in 0..threads {
            let (handler, key, runtime) = (&handler, &key, &runtime);
            scope.spawn(move || {
                for user in (part..tokens).step_by(threads) {
                    let question = question(&key.token(user).unwrap());
                    runtime.block_on(handler.answer_at(question, NOW)).unwrap();
                }
            });
        }
    });
    let (held, estimate) = handler.cached();
    let used = resident() - before;
    println!("tokens held        {held}");
    println!("memory             {} MiB (goal: {GOAL_MIB} MiB for 1,000,000)", used / MIB);
    println!("bytes per token    {} measured, {} by estimate", used / held as u64, estimate / held as u64);
    println!("limiter included   {} callers at most", 100_000);
}
