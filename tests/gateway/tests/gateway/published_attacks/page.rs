//! `docs/cves.md`: one row for each CVE, with the test that answers it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::published_attacks::requests::PUBLISHED;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The CVEs about authorization in gateways that the page answers: none may be forgotten.
const CATALOGUE: &str = "
    CVE-2019-18802 CVE-2020-8595 CVE-2020-8843 CVE-2020-25017 CVE-2021-21378 CVE-2021-29492 CVE-2021-31920 CVE-2021-32777 CVE-2021-32779
    CVE-2021-39155 CVE-2021-39156 CVE-2022-21679 CVE-2022-29226 CVE-2023-27487 CVE-2024-7207 CVE-2023-27488 CVE-2024-23324 CVE-2023-27491
    CVE-2023-27493 CVE-2023-35944 CVE-2024-23326 CVE-2024-45806 CVE-2024-45809 CVE-2025-64527 CVE-2024-27919 CVE-2024-30255 CVE-2026-47774
    CVE-2025-46821 CVE-2025-64763 CVE-2026-26308 CVE-2026-47205 CVE-2026-50572 CVE-2026-73547 CVE-2026-48743 CVE-2026-73548 CVE-2026-73551
    CVE-2026-73511 CVE-2026-73553 CVE-2026-73552 CVE-2026-73550 CVE-2026-31837 CVE-2026-39350 CVE-2026-41413 CVE-2026-31838 CVE-2025-24030
    CVE-2025-25294 CVE-2026-22771 CVE-2026-53713 CVE-2026-53718 CVE-2026-53719 CVE-2025-54576 CVE-2025-64484 CVE-2026-34457 CVE-2026-40574
    CVE-2026-40575 CVE-2026-41059 CVE-2026-76835 CVE-2026-33494 CVE-2026-33496 CVE-2021-32701 CVE-2023-33189 CVE-2021-39206 CVE-2023-44487
    CVE-2024-27316";

#[test]
fn every_cve_has_a_test_that_exists() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/cves.md")).unwrap();
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| CVE-"))
        .filter_map(|row| {
            Some((
                row.split(" |").next()?,
                row.trim_end_matches(" |").rsplit("| ").next()?,
            ))
        })
        .collect();
    let expected: BTreeSet<&str> = CATALOGUE
        .split_whitespace()
        .filter_map(|cve| cve.strip_prefix("CVE-"))
        .collect();
    let found: BTreeSet<&str> = rows.iter().map(|(cve, _)| *cve).collect();
    assert_eq!(
        found, expected,
        "docs/cves.md has a row for each CVE of the catalogue"
    );
    let sent: BTreeSet<&str> = PUBLISHED
        .iter()
        .flat_map(|published| published.cve.split(' '))
        .collect();
    for (cve, tests) in rows {
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "CVE-{cve} has no test");
        for test in tests {
            let (file, name) = test
                .split_once("::")
                .unwrap_or_else(|| panic!("CVE-{cve}: `{test}` is not FILE::TEST"));
            let text = std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_default();
            assert!(
                text.contains(&format!("fn {name}(")) || text.contains(&format!("{name} = ")),
                "CVE-{cve}: {test} does not exist"
            );
            if name == "each_published_attack_gets_the_answer_that_it_deserves" {
                assert!(
                    sent.contains(format!("CVE-{cve}").as_str()),
                    "CVE-{cve} is not among the requests that are sent"
                );
            }
        }
    }
}
