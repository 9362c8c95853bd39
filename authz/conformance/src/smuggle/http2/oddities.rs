//! Gadgets with lengths, pseudo-headers or connection headers that servers read differently.

use super::Change::{self, Add, AddFirst, After, Body, Set, Trailer, Without};

/// The description of each gadget, and its changes.
pub(super) const ODDITIES: &[(&str, &[Change])] = &[
    (
        "a length shorter than the body",
        &[Add(b"content-length", b"0"), Body(b"{E}")],
    ),
    (
        "a length of 1",
        &[Add(b"content-length", b"1"), Body(b"x{E}")],
    ),
    (
        "a length longer than the body",
        &[Add(b"content-length", b"999"), Body(b"{E}")],
    ),
    ("a length without a body", &[Add(b"content-length", b"{n}")]),
    (
        "a length behind which data follows",
        &[Add(b"content-length", b"0"), After(b"{E}")],
    ),
    ("data behind the end", &[After(b"{E}")]),
    (
        "data behind the end of a body",
        &[Body(b"x"), After(b"{E}")],
    ),
    (
        "a length twice",
        &[
            Add(b"content-length", b"{n}"),
            Add(b"content-length", b"0"),
            Body(b"{E}"),
        ],
    ),
    (
        "a length twice, the other way round",
        &[
            Add(b"content-length", b"0"),
            Add(b"content-length", b"{n}"),
            Body(b"{E}"),
        ],
    ),
    (
        "the same length twice",
        &[
            Add(b"content-length", b"{n}"),
            Add(b"content-length", b"{n}"),
            Body(b"{E}"),
        ],
    ),
    (
        "a length +0",
        &[Add(b"content-length", b"+0"), Body(b"{E}")],
    ),
    (
        "a length -0",
        &[Add(b"content-length", b"-0"), Body(b"{E}")],
    ),
    (
        "a length 0x0",
        &[Add(b"content-length", b"0x0"), Body(b"{E}")],
    ),
    (
        "a list of lengths",
        &[Add(b"content-length", b"0, {n}"), Body(b"{E}")],
    ),
    (
        "a length with a blank",
        &[Add(b"content-length", b"0 {n}"), Body(b"{E}")],
    ),
    (
        "a length of nothing",
        &[Add(b"content-length", b""), Body(b"{E}")],
    ),
    (
        "a length beyond 64 bits",
        &[
            Add(b"content-length", b"18446744073709551616"),
            Body(b"{E}"),
        ],
    ),
    (
        "a length as a trailer",
        &[Body(b"{E}"), Trailer(b"content-length", b"0")],
    ),
    (
        "a length with _",
        &[Add(b"content_length", b"0"), Body(b"{E}")],
    ),
    (
        "a coding",
        &[Add(b"transfer-encoding", b"chunked"), Body(b"0\r\n\r\n{E}")],
    ),
    (
        "a coding with a length",
        &[
            Add(b"transfer-encoding", b"chunked"),
            Add(b"content-length", b"0"),
            Body(b"0\r\n\r\n{E}"),
        ],
    ),
    (
        "a coding in upper case",
        &[Add(b"transfer-encoding", b"CHUNKED"), Body(b"0\r\n\r\n{E}")],
    ),
    (
        "a coding with an upper-case name",
        &[Add(b"Transfer-Encoding", b"chunked"), Body(b"0\r\n\r\n{E}")],
    ),
    (
        "a coding with a blank in its name",
        &[
            Add(b"transfer-encoding ", b"chunked"),
            Body(b"0\r\n\r\n{E}"),
        ],
    ),
    (
        "a coding with a colon in its name",
        &[
            Add(b"transfer-encoding:", b"chunked"),
            Body(b"0\r\n\r\n{E}"),
        ],
    ),
    (
        "a coding with _",
        &[Add(b"transfer_encoding", b"chunked"), Body(b"0\r\n\r\n{E}")],
    ),
    (
        "a coding as a trailer",
        &[
            Body(b"0\r\n\r\n{E}"),
            Trailer(b"transfer-encoding", b"chunked"),
        ],
    ),
    (
        "a coding nominated by connection",
        &[
            Add(b"connection", b"transfer-encoding"),
            Add(b"transfer-encoding", b"chunked"),
            Body(b"0\r\n\r\n{E}"),
        ],
    ),
    ("connection", &[Add(b"connection", b"close"), Body(b"{E}")]),
    (
        "connection that nominates the length",
        &[
            Add(b"connection", b"content-length"),
            Add(b"content-length", b"{n}"),
            Body(b"{E}"),
        ],
    ),
    (
        "keep-alive",
        &[Add(b"keep-alive", b"timeout=1"), Body(b"{E}")],
    ),
    (
        "proxy-connection",
        &[Add(b"proxy-connection", b"keep-alive"), Body(b"{E}")],
    ),
    (
        "an upgrade",
        &[
            Add(b"upgrade", b"websocket"),
            Add(b"connection", b"upgrade"),
            Body(b"{E}"),
        ],
    ),
    (
        "an upgrade to h2c",
        &[
            Add(b"upgrade", b"h2c"),
            Add(b"http2-settings", b"AAMAAABkAAQAAP__"),
            Body(b"{E}"),
        ],
    ),
    (
        "te other than trailers",
        &[Add(b"te", b"chunked"), Body(b"{E}")],
    ),
    ("expect", &[Add(b"expect", b"100-continue"), Body(b"{E}")]),
    ("two paths", &[AddFirst(b":path", b"{P}?{C}")]),
    (
        "two paths, the other way round",
        &[Add(b":path", b"{P}?{C}")],
    ),
    ("two methods", &[AddFirst(b":method", b"GET"), Body(b"{E}")]),
    (
        "two methods, the other way round",
        &[Add(b":method", b"CONNECT"), Body(b"{E}")],
    ),
    (
        "two schemes",
        &[AddFirst(b":scheme", b"https"), Body(b"{E}")],
    ),
    (
        "two authorities",
        &[AddFirst(b":authority", b"other"), Body(b"{E}")],
    ),
    (
        "a host other than the authority",
        &[Add(b"host", b"other"), Body(b"{E}")],
    ),
    (
        "a host twice",
        &[Add(b"host", b"{A}"), Add(b"host", b"other"), Body(b"{E}")],
    ),
    (
        "a pseudo-header behind the others",
        &[Without(":path"), Add(b":path", b"{P}?{C}")],
    ),
    (
        "an unknown pseudo-header",
        &[AddFirst(b":x", b"{E}"), Body(b"{E}")],
    ),
    (
        "a pseudo-header of answers",
        &[AddFirst(b":status", b"200"), Body(b"{E}")],
    ),
    ("no path", &[Without(":path"), Body(b"{E}")]),
    ("no method", &[Without(":method"), Body(b"{E}")]),
    ("no scheme", &[Without(":scheme"), Body(b"{E}")]),
    ("no authority", &[Without(":authority"), Body(b"{E}")]),
    ("an empty path", &[Set(":path", b""), Body(b"{E}")]),
    ("an empty method", &[Set(":method", b""), Body(b"{E}")]),
    ("an empty scheme", &[Set(":scheme", b""), Body(b"{E}")]),
    (
        "an empty authority",
        &[Set(":authority", b""), Body(b"{E}")],
    ),
    (
        "a path that is a URL",
        &[Set(":path", b"http://{A}{P}?{C}"), Body(b"{E}")],
    ),
    ("a path that is *", &[Set(":path", b"*"), Body(b"{E}")]),
    (
        "a path with a blank",
        &[Set(":path", b"{P} HTTP/1.1"), Body(b"{E}")],
    ),
    (
        "a path with a tab",
        &[Set(":path", b"{P}\tHTTP/1.1"), Body(b"{E}")],
    ),
    (
        "a path with a fragment",
        &[Set(":path", b"{P}#{C}"), Body(b"{E}")],
    ),
    (
        "a method with a blank",
        &[Set(":method", b"POST "), Body(b"{E}")],
    ),
    (
        "a method in lower case",
        &[Set(":method", b"post"), Body(b"{E}")],
    ),
    (
        "a scheme that is a URL",
        &[Set(":scheme", b"http://{A}{P}?{C}"), Body(b"{E}")],
    ),
    (
        "a scheme of mixed case",
        &[Set(":scheme", b"hTTp"), Body(b"{E}")],
    ),
    (
        "an authority with a path",
        &[Set(":authority", b"{A}{P}?{C}"), Body(b"{E}")],
    ),
    (
        "an authority with a user",
        &[Set(":authority", b"a@{A}"), Body(b"{E}")],
    ),
    (
        "an authority with a comma",
        &[Set(":authority", b"{A},other"), Body(b"{E}")],
    ),
    (
        "CONNECT with data",
        &[
            Set(":method", b"CONNECT"),
            Without(":path"),
            Without(":scheme"),
            Body(b"{E}"),
        ],
    ),
    (
        "CONNECT with a path and data",
        &[Set(":method", b"CONNECT"), Body(b"{E}")],
    ),
    (
        "an extended CONNECT with data",
        &[
            Set(":method", b"CONNECT"),
            AddFirst(b":protocol", b"websocket"),
            Body(b"{E}"),
        ],
    ),
    (
        "an extended CONNECT to something",
        &[
            Set(":method", b"CONNECT"),
            AddFirst(b":protocol", b"x"),
            Body(b"{E}"),
        ],
    ),
    (
        "a protocol without CONNECT",
        &[AddFirst(b":protocol", b"websocket"), Body(b"{E}")],
    ),
    ("GET with a body", &[Set(":method", b"GET"), Body(b"{E}")]),
    (
        "GET with a body and a length",
        &[
            Set(":method", b"GET"),
            Add(b"content-length", b"{n}"),
            Body(b"{E}"),
        ],
    ),
    (
        "DELETE with a body",
        &[Set(":method", b"DELETE"), Body(b"{E}")],
    ),
    (
        "TRACE with a body",
        &[Set(":method", b"TRACE"), Body(b"{E}")],
    ),
    ("an empty body", &[Body(b"")]),
    (
        "a pseudo-header as a trailer",
        &[Body(b"x"), Trailer(b":path", b"{P}?{C}")],
    ),
    (
        "an upper-case trailer",
        &[Body(b"x"), Trailer(b"X-A", b"{C}")],
    ),
    ("an upper-case name", &[Add(b"X-A", b"b"), Body(b"{E}")]),
    ("an empty name", &[Add(b"", b"b"), Body(b"{E}")]),
    ("a name that is a blank", &[Add(b" ", b"b"), Body(b"{E}")]),
    ("a name that is a colon", &[Add(b":", b"b"), Body(b"{E}")]),
    ("a body that is a request", &[Body(b"{E}")]),
];
