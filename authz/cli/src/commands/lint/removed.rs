//! The headers that the gateway must remove before all filters, from the list that `envoy/` is
//! generated from.

use portcullis_conformance::removed::{self, Group, RemovedHeader, Says};

use super::code::Code;

/// Arbitrary endings: a matcher that removes names with all of them removes the whole prefix.
const ENDINGS: [&str; 3] = ["", "z", "any-9-thing"];
/// `-`, and two separators that some servers read as `-`. With two, the test distinguishes an
/// expression for any separator from one for dots only.
const SEPARATORS: [char; 3] = ['-', '.', '~'];
const REQUEST_ID: &str = "x-request-id";

/// The headers that are not removed, by code.
pub(super) fn kept(removes: impl Fn(&str) -> bool) -> Vec<(Code, Vec<String>)> {
    let of = |says: &'static [Says]| {
        let groups = removed::groups().filter(move |group| says.contains(&group.says));
        groups
            .flat_map(|group| group.headers)
            .copied()
            .filter(|header| header.text() != REQUEST_ID)
    };
    let passes_in_a_spelling =
        |header: &RemovedHeader| !names(*header, &SEPARATORS).all(|name| removes(&name));
    let passes_as_written =
        |header: &RemovedHeader| !names(*header, &['-']).all(|name| removes(&name));
    let described =
        |headers: Vec<RemovedHeader>| headers.into_iter().map(describe).collect::<Vec<_>>();
    let own: Vec<RemovedHeader> = own().filter(passes_as_written).collect();
    let foreign = of(&[Says::Identity, Says::Address])
        .filter(passes_in_a_spelling)
        .collect();
    let request_id = if removes(REQUEST_ID) {
        Vec::new()
    } else {
        vec![REQUEST_ID.to_owned()]
    };
    let found = [
        // Foreign headers are reported only once the authz server's own are removed.
        if own.is_empty() {
            (Code::ForeignIdentityHeadersPass, described(foreign))
        } else {
            (Code::IdentityHeadersNotRemoved, described(own))
        },
        (Code::RequestIdNotRemoved, request_id),
        (
            Code::InstructionsNotRemoved,
            described(of(&[Says::Routing]).filter(passes_in_a_spelling).collect()),
        ),
    ];
    found
        .into_iter()
        .filter(|(_, kept)| !kept.is_empty())
        .collect()
}

/// Whether services read the caller's identity from this header, in any case.
pub(super) fn is_identity(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    own().any(|header| header.covers(&name))
}

/// Whether clients may not send the header with this name, in lower case.
pub(super) fn is_removed(name: &str) -> bool {
    removed::headers().any(|header| header.covers(name))
}

/// The headers that the authz server sets.
fn own() -> impl Iterator<Item = RemovedHeader> {
    removed::groups()
        .filter(|group| group.is_own())
        .flat_map(|group: &Group| group.headers)
        .copied()
}

/// Sample names that must be removed for `header`, with each separator.
fn names(header: RemovedHeader, separators: &'static [char]) -> impl Iterator<Item = String> {
    let endings: &[&str] = if header.is_prefix() { &ENDINGS } else { &[""] };
    let names = endings
        .iter()
        .map(move |end| format!("{}{end}", header.text()));
    names.flat_map(|name| {
        separators
            .iter()
            .map(move |separator| name.replace('-', &separator.to_string()))
    })
}

fn describe(header: RemovedHeader) -> String {
    format!(
        "{}{}",
        header.text(),
        if header.is_prefix() { "*" } else { "" }
    )
}
