//! The report for people: a table, then the first findings of each group.

use super::{Group, Report};

/// Beyond these, one fault only repeats itself; the JSON form has all.
const SHOWN: usize = 5;

pub(super) fn write(report: &Report) -> String {
    let width = report.groups.iter().map(|group| group.name.len()).max().unwrap_or_default();
    let mut text = format!(
        "{:width$}  {:>7}  {:>8}  {:>7}  {:>6}  {:>6}  {:>7}  {:>8}\n",
        "group", "cases", "accepted", "refused", "closed", "silent", "reached", "findings"
    );
    for group in &report.groups {
        text.push_str(&line(group, width));
    }
    for group in report.groups.iter().filter(|group| !group.findings.is_empty()) {
        text.push_str(&format!("\n{}: {} findings\n", group.name, group.findings.len()));
        for finding in group.findings.iter().take(SHOWN) {
            let super::Finding { case, seen, request } = finding;
            text.push_str(&format!("  {case}\n    seen: {seen}\n    sent: {request}\n"));
        }
        if group.findings.len() > SHOWN {
            text.push_str(&format!("  and {} more; --format json has all\n", group.findings.len() - SHOWN));
        }
    }
    let (cases, findings) = (report.groups.iter().map(|group| group.cases).sum::<usize>(), report.findings());
    text.push_str(&format!("\n{cases} cases, {findings} findings\n"));
    text
}

fn line(group: &Group, width: usize) -> String {
    let Group { name, cases, accepted, refused, closed, silent, reached, skipped, findings } = group;
    match skipped {
        Some(reason) => format!("{name:width$}  not tried: {reason}\n"),
        None => format!(
            "{name:width$}  {cases:>7}  {accepted:>8}  {refused:>7}  {closed:>6}  {silent:>6}  {reached:>7}  {:>8}\n",
            findings.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Finding, Group, Report};

    #[test]
    fn a_report_counts_and_abridges() {
        let finding = Finding { case: "c".into(), seen: "s".into(), request: "r".into() };
        let groups = vec![
            Group { name: "one".into(), cases: 9, findings: vec![finding; 7], ..Group::default() },
            Group { name: "two".into(), skipped: Some("no h2".into()), ..Group::default() },
        ];
        let text = Report { groups }.text();
        for part in
            ["one: 7 findings\n  c\n    seen: s\n", "and 2 more", "two  not tried: no h2\n", "9 cases, 7 findings"]
        {
            assert!(text.contains(part), "{part:?} is missing in:\n{text}");
        }
    }
}
