//! Writes the report as text: a table, then the first findings of each group.

use super::{Finding, Group, Report};

/// Maximum number of findings shown for a group. More only repeat one fault; the JSON form has all.
const SHOWN: usize = 5;

pub(super) fn write(report: &Report) -> String {
    let width = report
        .groups
        .iter()
        .map(|group| group.name.len())
        .max()
        .unwrap_or_default();
    let head = format!(
        "{:width$}  {:>7}  {:>8}  {:>7}  {:>6}  {:>6}  {:>7}  {:>8}\n",
        "group", "cases", "accepted", "refused", "closed", "silent", "reached", "findings"
    );
    let lines = report.groups.iter().map(|group| line(group, width));
    let found = report
        .groups
        .iter()
        .filter(|group| !group.findings.is_empty())
        .map(found);
    let cases: usize = report.groups.iter().map(|group| group.cases).sum();
    let findings = report.findings();
    let end = format!("\n{cases} cases, {findings} findings\n");
    std::iter::once(head)
        .chain(lines)
        .chain(found)
        .chain([end])
        .collect()
}

fn found(group: &Group) -> String {
    let Group { name, findings, .. } = group;
    let shown = findings.iter().take(SHOWN).map(
        |Finding {
             case,
             seen,
             request,
         }| format!("  {case}\n    seen: {seen}\n    sent: {request}\n"),
    );
    let more = findings.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("  and {more} more; --format json has all\n"));
    std::iter::once(format!("\n{name}: {} findings\n", findings.len()))
        .chain(shown)
        .chain(more)
        .collect()
}

fn line(group: &Group, width: usize) -> String {
    let Group {
        name,
        cases,
        accepted,
        refused,
        closed,
        silent,
        reached,
        skipped,
        findings,
    } = group;
    match skipped {
        Some(reason) => format!("{name:width$}  not tried: {reason}\n"),
        None => format!(
            "{name:width$}  {cases:>7}  {accepted:>8}  {refused:>7}  {closed:>6}  {silent:>6}  \
             {reached:>7}  {:>8}\n",
            findings.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Finding, Group, Report};

    #[test]
    fn report_counts_and_shortens_findings() {
        let finding = Finding {
            case: "c".into(),
            seen: "s".into(),
            request: "r".into(),
        };
        let groups = vec![
            Group {
                name: "one".into(),
                cases: 9,
                findings: vec![finding; 7],
                ..Group::default()
            },
            Group {
                name: "two".into(),
                skipped: Some("no h2".into()),
                ..Group::default()
            },
        ];
        let text = Report { groups }.text();
        for part in [
            "one: 7 findings\n  c\n    seen: s\n",
            "and 2 more",
            "two  not tried: no h2\n",
            "9 cases, 7 findings",
        ] {
            assert!(text.contains(part), "{part:?} is missing in:\n{text}");
        }
    }
}
