//! The headers that a client may not send, by the list that `envoy/` follows: what the gateway must
//! remove before it looks at a request.

use portcullis_conformance::removed::{self, Group, RemovedHeader, Says};

use super::code::Code;

/// Endings that no matcher has in mind: what removes names with all of these removes the prefix.
const ENDINGS: [&str; 3] = ["", "z", "any-9-thing"];
/// Spellings of `-`: as it is, and two that some servers read as `-`. Two tell an expression for
/// any separator from one for dots.
const SEPARATORS: [char; 3] = ['-', '.', '~'];
const REQUEST_ID: &str = "x-request-id";

/// Headers that pass, with what that means.
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
        // The others' are not worth a line as long as the authz server's own pass.
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

/// Whether services take the header for the caller's identity, whatever its case.
pub(super) fn is_identity(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    own().any(|header| header.covers(&name))
}

/// Whether the header of this name, in lower case, is one that a client may not send.
pub(super) fn is_removed(name: &str) -> bool {
    removed::headers().any(|header| header.covers(name))
}

/// The authz server's own headers.
fn own() -> impl Iterator<Item = RemovedHeader> {
    removed::groups()
        .filter(|group| group.is_own())
        .flat_map(|group: &Group| group.headers)
        .copied()
}

/// Names that stand for all that must be removed, in each spelling.
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
