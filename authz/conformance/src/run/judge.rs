//! Turns the echo's records into findings.

use std::collections::BTreeSet;

use super::tally::Tally;
use crate::canary::{Canary, Role};
use crate::echo::Record;
use crate::plan::{Kind, Plan};
use crate::report::{Finding, Group};
use crate::target::Target;

/// Maximum bytes of a request in a finding.
const QUOTED: usize = 4096;

/// The counts and findings of a group. Records of other groups and runs are ignored.
pub(super) fn judge(
    plan: &Plan,
    number: u8,
    run: u16,
    target: &Target,
    tally: Tally,
    records: &[Record],
) -> Group {
    let own = |canary: &Canary| canary.run == run && canary.group == number;
    let mut found: BTreeSet<(u32, String)> = tally.wrong.into_iter().collect();
    let mut reached = BTreeSet::new();
    for record in records {
        let case = Canary::find(record.case.as_bytes()).filter(own);
        reached.extend(
            case.filter(|case| case.role == Role::Case)
                .map(|case| case.index),
        );
        let seen = match &plan.kind {
            Kind::Headers => spoofed(record, target),
            Kind::Paths(open_to) => case
                .and_then(|case| misled(case, record, &open_to(case.index)))
                .into_iter()
                .collect(),
            Kind::Smuggling(_) => smuggled(record),
        };
        found.extend(
            seen.into_iter()
                .filter(|(canary, _)| own(canary))
                .map(|(canary, seen)| (canary.index, seen)),
        );
    }
    let findings = found.into_iter().map(|(index, seen)| {
        let canary = Canary {
            role: Role::Case,
            run,
            group: number,
            index,
        };
        let made = plan.make(canary);
        let (case, request) = made.map_or_else(Default::default, |made| {
            let request = made.case.wire.describe(QUOTED);
            let request = made
                .setting
                .token
                .map_or(request.clone(), |token| request.replace(&token, "<token>"));
            (made.case.what, request)
        });
        Finding {
            case,
            seen,
            request,
        }
    });
    Group {
        name: plan.name.clone(),
        cases: tally.cases,
        accepted: tally.accepted,
        refused: tally.refused,
        closed: tally.closed,
        silent: tally.silent,
        reached: reached.len(),
        skipped: None,
        findings: findings.collect(),
    }
}

/// A finding if the request reached a handler that its token does not open.
fn misled(case: Canary, record: &Record, open: &BTreeSet<String>) -> Option<(Canary, String)> {
    let handler = record
        .handler
        .as_ref()
        .filter(|handler| !open.contains(*handler))?;
    Some((
        case,
        format!("{} reached the handler {handler}", record.request_line),
    ))
}

/// Planted values in a header that a service could trust, or in the request line.
fn spoofed(record: &Record, target: &Target) -> Vec<(Canary, String)> {
    let lines = record.seen.iter().filter(|seen| {
        // One character is one byte: see `Seen::name`.
        let name: Vec<u8> = seen
            .name
            .chars()
            .filter_map(|character| u8::try_from(character).ok())
            .collect();
        target.identity.contain(&name)
    });
    let lines = lines.map(|seen| {
        (
            seen.canaries.join(" "),
            format!("in the {}: {}", seen.part, seen.line),
        )
    });
    let path = [(
        record.request_line.clone(),
        format!("in the request line: {}", record.request_line),
    )];
    let all = lines.chain(path).flat_map(|(text, seen)| {
        planted(&text)
            .into_iter()
            .map(move |canary| (canary, seen.clone()))
    });
    all.collect()
}

/// Smuggled requests, and heads that the next server may read differently.
fn smuggled(record: &Record) -> Vec<(Canary, String)> {
    let mut found = Vec::new();
    if record.case.is_empty() {
        let seen = format!("a request of its own: {}", record.request_line);
        found.extend(
            planted(&record.request_line)
                .into_iter()
                .map(|canary| (canary, seen.clone())),
        );
    }
    let mut named = record
        .seen
        .iter()
        .flat_map(|seen| &seen.canaries)
        .chain([&record.case, &record.request_line]);
    let named = named.find_map(|text| Canary::find(text.as_bytes()));
    found.extend(named.into_iter().flat_map(|canary| {
        record
            .ambiguities
            .iter()
            .map(move |ambiguity| (canary, format!("{}, with {ambiguity}", record.request_line)))
    }));
    found
}

fn planted(text: &str) -> Vec<Canary> {
    Canary::find_all(text.as_bytes())
        .into_iter()
        .filter(|canary| canary.role == Role::Planted)
        .collect()
}
