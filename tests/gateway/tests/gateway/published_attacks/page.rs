//! `docs/cves.md` has one row for each CVE, with its test.

use std::collections::BTreeSet;

use crate::linked_tests::{Row, read_page, rows};
use crate::published_attacks::requests::PUBLISHED;

/// The CVEs about authorization in gateways, each of which needs a row in the page.
const CATALOGUE: &str = "
    CVE-2019-18802 CVE-2020-8595 CVE-2020-8843 CVE-2020-25017 CVE-2021-21378 CVE-2021-29492
    CVE-2021-31920 CVE-2021-32777 CVE-2021-32779 CVE-2021-39155 CVE-2021-39156 CVE-2022-21679
    CVE-2022-29226 CVE-2023-27487 CVE-2024-7207 CVE-2023-27488 CVE-2024-23324 CVE-2023-27491
    CVE-2023-27493 CVE-2023-35944 CVE-2024-23326 CVE-2024-45806 CVE-2024-45809 CVE-2025-64527
    CVE-2024-27919 CVE-2024-30255 CVE-2026-47774 CVE-2025-46821 CVE-2025-64763 CVE-2026-26308
    CVE-2026-47205 CVE-2026-50572 CVE-2026-73547 CVE-2026-48743 CVE-2026-73548 CVE-2026-73551
    CVE-2026-73511 CVE-2026-73553 CVE-2026-73552 CVE-2026-73550 CVE-2026-31837 CVE-2026-39350
    CVE-2026-41413 CVE-2026-31838 CVE-2025-24030 CVE-2025-25294 CVE-2026-22771 CVE-2026-53713
    CVE-2026-53718 CVE-2026-53719 CVE-2025-54576 CVE-2025-64484 CVE-2026-34457 CVE-2026-40574
    CVE-2026-40575 CVE-2026-41059 CVE-2026-76835 CVE-2026-33494 CVE-2026-33496 CVE-2021-32701
    CVE-2023-33189 CVE-2021-39206 CVE-2023-44487 CVE-2024-27316";

#[test]
fn every_cve_has_a_test_that_exists() {
    let page = read_page("docs/cves.md").unwrap();
    let rows = rows(&page);
    let expected: BTreeSet<&str> = CATALOGUE.split_whitespace().collect();
    let found: BTreeSet<&str> = rows.iter().map(|row| row.subject).collect();
    assert_eq!(
        found, expected,
        "docs/cves.md has a row for each CVE of the catalogue"
    );
    let mistakes: Vec<String> = rows.iter().flat_map(Row::mistakes).collect();
    assert!(
        mistakes.is_empty(),
        "docs/cves.md:\n{}",
        mistakes.join("\n")
    );
    let sent: BTreeSet<&str> = PUBLISHED
        .iter()
        .flat_map(|published| published.cve.split(' '))
        .collect();
    for row in rows {
        let is_sent = row
            .tests()
            .any(|test| test.ends_with("::published_attacks_get_their_expected_answers"));
        assert!(
            !is_sent || sent.contains(row.subject),
            "{} is not among the requests that are sent",
            row.subject
        );
    }
}
