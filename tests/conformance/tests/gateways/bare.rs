//! The conformance runner against an Envoy with defaults.
//!
//! The findings show that the runner finds, and why `envoy/` has its settings.

use std::time::Duration;

use conformance_tests::{PROTECTED, bare_envoy};
use dev_stack::ServiceTokens;
use portcullis_conformance::{
    Echo, Handlers, IdentityHeaders, Progress, Protected, SAMPLE_HANDLERS, Target, run,
};
use tokio::net::TcpListener;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md");

#[tokio::test(flavor = "multi_thread")]
async fn envoy_with_defaults_fails_in_the_documented_groups() -> anyhow::Result<()> {
    let traffic = TcpListener::bind("127.0.0.1:0").await?;
    let records = TcpListener::bind("127.0.0.1:0").await?;
    let upstream = traffic.local_addr()?.port();
    let url = format!("http://{}", records.local_addr()?);
    let handlers = Handlers::new(SAMPLE_HANDLERS.iter().copied())?;
    let echo = tokio::spawn(
        Echo {
            traffic,
            records,
            handlers,
        }
        .serve(),
    );
    let gateway = bare_envoy(upstream).await?;
    let tokens = ServiceTokens::request(gateway.identity_provider()).await?;
    let protected = PROTECTED.map(|path| Protected {
        path: path.to_owned(),
        token: tokens.opening(path).to_owned(),
    });
    let target = Target {
        gateway: gateway.gateway(),
        host: gateway.gateway().to_string(),
        records: url,
        protected: protected.into(),
        public: vec!["/api/open".to_owned()],
        origin: "http://localhost:3000".to_owned(),
        identity: IdentityHeaders::default(),
        limit: Duration::from_secs(2),
        connections: 32,
    };
    let report = run(target, &Progress::default()).await?;
    echo.abort();
    let found: Vec<String> = report
        .groups
        .iter()
        .filter(|group| !group.findings.is_empty())
        .map(|group| group.name.clone())
        .collect();
    let document = std::fs::read_to_string(DOCUMENT)?;
    let rows = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: Vec<String> = rows.map(str::to_owned).collect();
    assert_eq!(
        found,
        documented,
        "docs/conformance.md must have a row for each group that fails:\n{}",
        report.text()
    );
    Ok(())
}
