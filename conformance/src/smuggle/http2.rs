//! What a gateway that speaks HTTP/2 to clients and HTTP/1.1 to services must not translate.

use super::holes::Holes;
use super::{Gadget, Shape};
use crate::case::{Field, Framing, Part, Setting};

/// How the stream differs from an honest POST.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Another value of a field that is there.
    Set(&'static str, &'static [u8]),
    /// One more field, behind the others.
    Add(&'static [u8], &'static [u8]),
    /// One more field, before the others.
    AddFirst(&'static [u8], &'static [u8]),
    /// No such field.
    Without(&'static str),
    /// DATA.
    Body(&'static [u8]),
    /// A field behind the body.
    Trailer(&'static [u8], &'static [u8]),
    /// DATA behind the end.
    After(&'static [u8]),
    /// What separates, in the fields of the other changes.
    Separator(&'static [u8]),
}

use Change::{Add, AddFirst, After, Body, Separator, Set, Trailer, Without};

/// What a careless translation takes for the end of a line.
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

/// With each separator at `{I}`.
const INJECTIONS: &[(&str, Change)] = &[
    ("a value", Add(b"x-a", b"b{I}{E}")),
    ("a value that the line must end behind", Add(b"x-a", b"b{I}GET {P}?{C} HTTP/1.1{I}x-b: c")),
    ("a value with a length", Add(b"x-a", b"b{I}Content-Length: 0{I}{I}{E}")),
    ("a value with a coding", Add(b"x-a", b"b{I}Transfer-Encoding: chunked{I}{I}0{I}{I}{E}")),
    ("a name", Add(b"x-a: b{I}{E}", b"c")),
    ("a name of a header", Add(b"x-a{I}Transfer-Encoding", b"chunked")),
    ("the path", Set(":path", b"{P} HTTP/1.1{I}Host: {A}{I}{I}{E}")),
    ("the path, before the version", Set(":path", b"{P}?a{I}GET {P}?{C}")),
    ("the method", Set(":method", b"GET {P}?{C} HTTP/1.1{I}Host: {A}{I}{I}GET")),
    ("the authority", Set(":authority", b"{A}{I}{I}{E}")),
    ("the authority, with a header", Set(":authority", b"{A}{I}Transfer-Encoding: chunked")),
    ("the scheme", Set(":scheme", b"http://{A}{P}?{C} HTTP/1.1{I}{I}GET")),
    ("the host", Add(b"host", b"{A}{I}{I}{E}")),
    ("a cookie", Add(b"cookie", b"a=b{I}{I}{E}")),
    ("a trailer", Trailer(b"x-a", b"b{I}{I}{E}")),
    ("a name of a trailer", Trailer(b"x-a: b{I}{I}{E}", b"c")),
    ("the content length", Add(b"content-length", b"0{I}{I}{E}")),
];

/// As they are.
const ODDITIES: &[(&str, &[Change])] = &[
    ("a length shorter than the body", &[Add(b"content-length", b"0"), Body(b"{E}")]),
    ("a length of 1", &[Add(b"content-length", b"1"), Body(b"x{E}")]),
    ("a length longer than the body", &[Add(b"content-length", b"999"), Body(b"{E}")]),
    ("a length without a body", &[Add(b"content-length", b"{n}")]),
    ("a length behind which data follows", &[Add(b"content-length", b"0"), After(b"{E}")]),
    ("data behind the end", &[After(b"{E}")]),
    ("data behind the end of a body", &[Body(b"x"), After(b"{E}")]),
    ("a length twice", &[Add(b"content-length", b"{n}"), Add(b"content-length", b"0"), Body(b"{E}")]),
    (
        "a length twice, the other way round",
        &[Add(b"content-length", b"0"), Add(b"content-length", b"{n}"), Body(b"{E}")],
    ),
    ("the same length twice", &[Add(b"content-length", b"{n}"), Add(b"content-length", b"{n}"), Body(b"{E}")]),
    ("a length +0", &[Add(b"content-length", b"+0"), Body(b"{E}")]),
    ("a length -0", &[Add(b"content-length", b"-0"), Body(b"{E}")]),
    ("a length 0x0", &[Add(b"content-length", b"0x0"), Body(b"{E}")]),
    ("a list of lengths", &[Add(b"content-length", b"0, {n}"), Body(b"{E}")]),
    ("a length with a blank", &[Add(b"content-length", b"0 {n}"), Body(b"{E}")]),
    ("a length of nothing", &[Add(b"content-length", b""), Body(b"{E}")]),
    ("a length beyond 64 bits", &[Add(b"content-length", b"18446744073709551616"), Body(b"{E}")]),
    ("a length as a trailer", &[Body(b"{E}"), Trailer(b"content-length", b"0")]),
    ("a length with _", &[Add(b"content_length", b"0"), Body(b"{E}")]),
    ("a coding", &[Add(b"transfer-encoding", b"chunked"), Body(b"0\r\n\r\n{E}")]),
    (
        "a coding with a length",
        &[Add(b"transfer-encoding", b"chunked"), Add(b"content-length", b"0"), Body(b"0\r\n\r\n{E}")],
    ),
    ("a coding in upper case", &[Add(b"transfer-encoding", b"CHUNKED"), Body(b"0\r\n\r\n{E}")]),
    ("a coding with an upper-case name", &[Add(b"Transfer-Encoding", b"chunked"), Body(b"0\r\n\r\n{E}")]),
    ("a coding with a blank in its name", &[Add(b"transfer-encoding ", b"chunked"), Body(b"0\r\n\r\n{E}")]),
    ("a coding with a colon in its name", &[Add(b"transfer-encoding:", b"chunked"), Body(b"0\r\n\r\n{E}")]),
    ("a coding with _", &[Add(b"transfer_encoding", b"chunked"), Body(b"0\r\n\r\n{E}")]),
    ("a coding as a trailer", &[Body(b"0\r\n\r\n{E}"), Trailer(b"transfer-encoding", b"chunked")]),
    (
        "a coding nominated by connection",
        &[Add(b"connection", b"transfer-encoding"), Add(b"transfer-encoding", b"chunked"), Body(b"0\r\n\r\n{E}")],
    ),
    ("connection", &[Add(b"connection", b"close"), Body(b"{E}")]),
    (
        "connection that nominates the length",
        &[Add(b"connection", b"content-length"), Add(b"content-length", b"{n}"), Body(b"{E}")],
    ),
    ("keep-alive", &[Add(b"keep-alive", b"timeout=1"), Body(b"{E}")]),
    ("proxy-connection", &[Add(b"proxy-connection", b"keep-alive"), Body(b"{E}")]),
    ("an upgrade", &[Add(b"upgrade", b"websocket"), Add(b"connection", b"upgrade"), Body(b"{E}")]),
    ("an upgrade to h2c", &[Add(b"upgrade", b"h2c"), Add(b"http2-settings", b"AAMAAABkAAQAAP__"), Body(b"{E}")]),
    ("te other than trailers", &[Add(b"te", b"chunked"), Body(b"{E}")]),
    ("expect", &[Add(b"expect", b"100-continue"), Body(b"{E}")]),
    ("two paths", &[AddFirst(b":path", b"{P}?{C}")]),
    ("two paths, the other way round", &[Add(b":path", b"{P}?{C}")]),
    ("two methods", &[AddFirst(b":method", b"GET"), Body(b"{E}")]),
    ("two methods, the other way round", &[Add(b":method", b"CONNECT"), Body(b"{E}")]),
    ("two schemes", &[AddFirst(b":scheme", b"https"), Body(b"{E}")]),
    ("two authorities", &[AddFirst(b":authority", b"other"), Body(b"{E}")]),
    ("a host other than the authority", &[Add(b"host", b"other"), Body(b"{E}")]),
    ("a host twice", &[Add(b"host", b"{A}"), Add(b"host", b"other"), Body(b"{E}")]),
    ("a pseudo-header behind the others", &[Without(":path"), Add(b":path", b"{P}?{C}")]),
    ("a pseudo-header that nobody knows", &[AddFirst(b":x", b"{E}"), Body(b"{E}")]),
    ("a pseudo-header of answers", &[AddFirst(b":status", b"200"), Body(b"{E}")]),
    ("no path", &[Without(":path"), Body(b"{E}")]),
    ("no method", &[Without(":method"), Body(b"{E}")]),
    ("no scheme", &[Without(":scheme"), Body(b"{E}")]),
    ("no authority", &[Without(":authority"), Body(b"{E}")]),
    ("an empty path", &[Set(":path", b""), Body(b"{E}")]),
    ("an empty method", &[Set(":method", b""), Body(b"{E}")]),
    ("an empty scheme", &[Set(":scheme", b""), Body(b"{E}")]),
    ("an empty authority", &[Set(":authority", b""), Body(b"{E}")]),
    ("a path that is a URL", &[Set(":path", b"http://{A}{P}?{C}"), Body(b"{E}")]),
    ("a path that is *", &[Set(":path", b"*"), Body(b"{E}")]),
    ("a path with a blank", &[Set(":path", b"{P} HTTP/1.1"), Body(b"{E}")]),
    ("a path with a tab", &[Set(":path", b"{P}\tHTTP/1.1"), Body(b"{E}")]),
    ("a path with a fragment", &[Set(":path", b"{P}#{C}"), Body(b"{E}")]),
    ("a method with a blank", &[Set(":method", b"POST "), Body(b"{E}")]),
    ("a method in lower case", &[Set(":method", b"post"), Body(b"{E}")]),
    ("a scheme that is a URL", &[Set(":scheme", b"http://{A}{P}?{C}"), Body(b"{E}")]),
    ("a scheme of mixed case", &[Set(":scheme", b"hTTp"), Body(b"{E}")]),
    ("an authority with a path", &[Set(":authority", b"{A}{P}?{C}"), Body(b"{E}")]),
    ("an authority with a user", &[Set(":authority", b"a@{A}"), Body(b"{E}")]),
    ("an authority with a comma", &[Set(":authority", b"{A},other"), Body(b"{E}")]),
    ("CONNECT with data", &[Set(":method", b"CONNECT"), Without(":path"), Without(":scheme"), Body(b"{E}")]),
    ("CONNECT with a path and data", &[Set(":method", b"CONNECT"), Body(b"{E}")]),
    (
        "an extended CONNECT with data",
        &[Set(":method", b"CONNECT"), AddFirst(b":protocol", b"websocket"), Body(b"{E}")],
    ),
    ("an extended CONNECT to something", &[Set(":method", b"CONNECT"), AddFirst(b":protocol", b"x"), Body(b"{E}")]),
    ("a protocol without CONNECT", &[AddFirst(b":protocol", b"websocket"), Body(b"{E}")]),
    ("GET with a body", &[Set(":method", b"GET"), Body(b"{E}")]),
    ("GET with a body and a length", &[Set(":method", b"GET"), Add(b"content-length", b"{n}"), Body(b"{E}")]),
    ("DELETE with a body", &[Set(":method", b"DELETE"), Body(b"{E}")]),
    ("TRACE with a body", &[Set(":method", b"TRACE"), Body(b"{E}")]),
    ("an empty body", &[Body(b"")]),
    ("a pseudo-header as a trailer", &[Body(b"x"), Trailer(b":path", b"{P}?{C}")]),
    ("an upper-case trailer", &[Body(b"x"), Trailer(b"X-A", b"{C}")]),
    ("an upper-case name", &[Add(b"X-A", b"b"), Body(b"{E}")]),
    ("an empty name", &[Add(b"", b"b"), Body(b"{E}")]),
    ("a name that is a blank", &[Add(b" ", b"b"), Body(b"{E}")]),
    ("a name that is a colon", &[Add(b":", b"b"), Body(b"{E}")]),
    ("a body that is a request", &[Body(b"{E}")]),
];

pub(super) fn all() -> Vec<Gadget> {
    let injections = SEPARATORS.iter().flat_map(|separator| {
        INJECTIONS.iter().map(move |(place, change)| Gadget {
            what: format!("{} in {place}", separator.escape_ascii()),
            shape: Shape::Http2(vec![Separator(separator), *change, Body(b"x")]),
        })
    });
    let oddities = ODDITIES
        .iter()
        .map(|(what, changes)| Gadget { what: (*what).to_owned(), shape: Shape::Http2(changes.to_vec()) });
    injections.chain(oddities).collect()
}

/// The frames of the stream.
pub(super) fn parts(setting: &Setting, holes: &Holes, changes: &[Change]) -> Vec<Part> {
    let separator =
        changes.iter().find_map(|change| if let Separator(separator) = change { Some(*separator) } else { None });
    let fill = |template: &[u8]| holes.fill(&separated(template, separator.unwrap_or_default()), 0);
    let field = |name: &[u8], value: &[u8]| -> Field { (fill(name), fill(value)) };
    let mut fields = setting.http2_fields();
    let (mut body, mut trailers, mut after) = (None, Vec::new(), None);
    for change in changes {
        match change {
            Set(name, value) => {
                let known = fields.iter_mut().filter(|(known, _)| known == name.as_bytes());
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
    let mut parts = vec![Part::Headers { fields, framing, end: body.is_none() }];
    parts.extend(body.map(|bytes| Part::Data { bytes, end: trailers.is_empty() }));
    if !trailers.is_empty() {
        parts.push(Part::Headers { fields: trailers, framing, end: true });
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
