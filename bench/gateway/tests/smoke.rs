//! Runs every case briefly through the real Envoy: it admits good tokens, denies others, and has
//! figures.

use std::time::Duration;

use bench_gateway::{Settings, run};

#[tokio::test]
async fn every_case_answers_good_tokens_and_has_figures() {
    let settings = Settings {
        rounds: 2,
        slice: Duration::from_millis(40),
        seconds: None,
        connections: vec![1, 3],
        concurrency: 1,
        cases: Vec::new(),
        tokens: 50,
        base: None,
        json: None,
    };
    let session = run(&settings).await.unwrap();
    let json = serde_json::to_value(&session).unwrap();
    let rows = json["rows"].as_array().unwrap();
    assert!(rows.len() >= 2 * 12, "{}", rows.len());
    for row in rows {
        let case = row["case"].as_str().unwrap();
        let has_server = !case.starts_with("no auth") && !case.starts_with("jwt_authn");
        assert_eq!(row["server_us"].is_object(), has_server, "{case}");
        for figure in ["p50_us", "p99_us", "per_second", "of_no_auth", "envoy_us"] {
            assert!(
                row[figure]["low"].as_f64().unwrap() > 0.0,
                "{case}: {figure} in {row}"
            );
        }
    }
    assert!(
        session
            .slices
            .iter()
            .all(|slice| slice.figures.requests >= 1.0)
    );
}
