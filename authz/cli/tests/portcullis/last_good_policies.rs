//! Starts the server with unusable policies, as a restarted container does.
#![allow(
    clippy::disallowed_methods,
    reason = "no runtime whose worker a pause could block"
)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::time::{Duration, Instant};

use crate::check_and_lint::output;
use crate::server::Server;

const GOOD: &str = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
                    metadata: {name: public}\nspec:\n  allow: [{callers: anyone}]\n  \
                    upstream: {name: web}\n";

fn version(metrics: &str) -> Option<&str> {
    metrics
        .lines()
        .find(|line| line.starts_with("portcullis_policy_version{"))
}

#[test]
fn last_good_policies_serve_and_check_reports_the_older_version() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let store = [("POLICY_STORE_DIR", folder.path().to_str().unwrap())];
    std::fs::write(&policy, GOOD).unwrap();
    let mut first = Server::start(&policy, "0s", &store);
    let good = until(&mut first, "portcullis_policy_version{");
    let good = version(&good).unwrap();
    assert_eq!(
        in_force(&policy, &first),
        (Some(0), "no problems\n".to_owned())
    );
    drop(first);

    std::fs::write(&policy, GOOD.replace("callers", "caller")).unwrap();
    let mut second = Server::start(&policy, "0s", &store);
    // The server polls the files, and reports that they differ from the policies in force.
    let metrics = until(&mut second, "\nportcullis_policy_stale 1\n");
    assert_eq!(version(&metrics), Some(good));
    // `check` reports that the policies in force are not those of a good file.
    std::fs::write(folder.path().join("newer.yaml"), GOOD).unwrap();
    let (code, output) = in_force(&folder.path().join("newer.yaml"), &second);
    assert!(
        code == Some(1)
            && output.contains("not in force after 0s")
            && output.contains("serves version"),
        "{output}"
    );
}

/// Polls the metrics until they contain `part`.
fn until(server: &mut Server, part: &str) -> String {
    let begun = Instant::now();
    loop {
        let metrics = server.get("/metrics");
        if metrics.contains(part) {
            return metrics;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{part} is not in {metrics}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Exit code and output of `portcullis check` of `file` at a running server.
fn in_force(file: &std::path::Path, server: &Server) -> (Option<i32>, String) {
    let at = server.operations.to_string();
    let file = file.to_str().unwrap();
    output(&["check", "--in-force-at", &at, "--within", "0s", file])
}
