//! Gadgets that a gateway must not translate from HTTP/2 to HTTP/1.1.

mod oddities;

use super::holes::Holes;
use super::{Gadget, Shape};
use crate::case::{Field, Framing, Part, Setting};

/// A change of an honest POST stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Sets the value of an existing field.
    Set(&'static str, &'static [u8]),
    /// Adds a field behind the others.
    Add(&'static [u8], &'static [u8]),
    /// Adds a field before the others.
    AddFirst(&'static [u8], &'static [u8]),
    /// Removes a field.
    Without(&'static str),
    /// Adds DATA.
    Body(&'static [u8]),
    /// Adds a field behind the body.
    Trailer(&'static [u8], &'static [u8]),
    /// Adds DATA behind the end of the stream.
    After(&'static [u8]),
    /// The separator for `{I}` in the fields of the other changes.
    Separator(&'static [u8]),
}

use Change::{Add, AddFirst, After, Body, Separator, Set, Trailer, Without};
use oddities::ODDITIES;

/// Bytes that a careless translation may turn into the end of a line.
const SEPARATORS: &[&[u8]] = &[
    b"\r\n\r\n",
    b"\n\n",
    b"\r\r",
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b"\x0b",
    b"\xc2\x85",
    b"\xe5\x98\x8d\xe5\x98\x8a",
    b"%0d%0a%0d%0a",
    b" ",
    b"\t",
];

/// Changes with a separator at `{I}`.
const INJECTIONS: &[(&str, Change)] = &[
    ("a value", Add(b"x-a", b"b{I}{E}")),
    (
        "a value that the line must end behind",
        Add(b"x-a", b"b{I}GET {P}?{C} HTTP/1.1{I}x-b: c"),
    ),
    (
        "a value with a length",
        Add(b"x-a", b"b{I}Content-Length: 0{I}{I}{E}"),
    ),
    (
        "a value with a coding",
        Add(b"x-a", b"b{I}Transfer-Encoding: chunked{I}{I}0{I}{I}{E}"),
    ),
    ("a name", Add(b"x-a: b{I}{E}", b"c")),
    (
        "a name of a header",
        Add(b"x-a{I}Transfer-Encoding", b"chunked"),
    ),
    (
        "the path",
        Set(":path", b"{P} HTTP/1.1{I}Host: {A}{I}{I}{E}"),
    ),
    (
        "the path, before the version",
        Set(":path", b"{P}?a{I}GET {P}?{C}"),
    ),
    (
        "the method",
        Set(":method", b"GET {P}?{C} HTTP/1.1{I}Host: {A}{I}{I}GET"),
    ),
    ("the authority", Set(":authority", b"{A}{I}{I}{E}")),
    (
        "the authority, with a header",
        Set(":authority", b"{A}{I}Transfer-Encoding: chunked"),
    ),
    (
        "the scheme",
        Set(":scheme", b"http://{A}{P}?{C} HTTP/1.1{I}{I}GET"),
    ),
    ("the host", Add(b"host", b"{A}{I}{I}{E}")),
    ("a cookie", Add(b"cookie", b"a=b{I}{I}{E}")),
    ("a trailer", Trailer(b"x-a", b"b{I}{I}{E}")),
    ("a name of a trailer", Trailer(b"x-a: b{I}{I}{E}", b"c")),
    ("the content length", Add(b"content-length", b"0{I}{I}{E}")),
];

pub(super) fn all() -> Vec<Gadget> {
    let injections = SEPARATORS.iter().flat_map(|separator| {
        INJECTIONS.iter().map(move |(place, change)| Gadget {
            what: format!("{} in {place}", separator.escape_ascii()),
            shape: Shape::Http2(vec![Separator(separator), *change, Body(b"x")]),
        })
    });
    let oddities = ODDITIES.iter().map(|(what, changes)| Gadget {
        what: (*what).to_owned(),
        shape: Shape::Http2(changes.to_vec()),
    });
    injections.chain(oddities).collect()
}

/// The frames of the stream.
pub(super) fn parts(setting: &Setting, holes: &Holes, changes: &[Change]) -> Vec<Part> {
    let separator = changes.iter().find_map(|change| {
        if let Separator(separator) = change {
            Some(*separator)
        } else {
            None
        }
    });
    let fill = |template: &[u8]| holes.fill(&separated(template, separator.unwrap_or_default()), 0);
    let field = |name: &[u8], value: &[u8]| -> Field { (fill(name), fill(value)) };
    let mut fields = setting.http2_fields();
    let mut body = None;
    let mut trailers = Vec::new();
    let mut after = None;
    for change in changes {
        match change {
            Set(name, value) => {
                let known = fields
                    .iter_mut()
                    .filter(|(known, _)| known == name.as_bytes());
                known.for_each(|(_, old)| *old = fill(value));
            }
            Add(name, value) => fields.push(field(name, value)),
            AddFirst(name, value) => fields.insert(0, field(name, value)),
            Without(name) => fields.retain(|(known, _)| known != name.as_bytes()),
            Body(bytes) => body = Some(fill(bytes)),
            Trailer(name, value) => trailers.push(field(name, value)),
            After(bytes) => after = Some(fill(bytes)),
            Separator(_) => {}
        }
    }
    let framing = Framing::Whole;
    let mut parts = vec![Part::Headers {
        fields,
        framing,
        end: body.is_none(),
    }];
    parts.extend(body.map(|bytes| Part::Data {
        bytes,
        end: trailers.is_empty(),
    }));
    if !trailers.is_empty() {
        parts.push(Part::Headers {
            fields: trailers,
            framing,
            end: true,
        });
    }
    parts.extend(after.map(|bytes| Part::Data { bytes, end: true }));
    parts
}

/// `template` with the separator at each `{I}`.
fn separated(template: &[u8], separator: &[u8]) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = template;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after_hole) = rest.strip_prefix(b"{I}") {
            filled.extend_from_slice(separator);
            rest = after_hole;
        } else {
            filled.push(*first);
            rest = after;
        }
    }
    filled
}
