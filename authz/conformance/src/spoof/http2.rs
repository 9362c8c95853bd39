//! Forms of an HTTP/2 header that a service may read although the gateway removes the header.

use super::Way::{self, Continued, InTheMiddle, Indexed, Plain, Trailers};

/// A form: its description, its way of sending and its fields.
pub(super) type Form = (&'static str, Way, &'static [(&'static [u8], &'static [u8])]);

/// Forms for every name.
pub(super) const WITH_EVERY_NAME: &[Form] = &[
    ("lower case", Plain, &[(b"{n}", b"{c}")]),
    ("upper case", Plain, &[(b"{N}", b"{c}")]),
    ("title case", Plain, &[(b"{t}", b"{c}")]),
    ("mixed case", Plain, &[(b"{m}", b"{c}")]),
    ("_ for -", Plain, &[(b"{u}", b"{c}")]),
    ("_ for -, upper case", Plain, &[(b"{U}", b"{c}")]),
    ("_ for one -", Plain, &[(b"{h}", b"{c}")]),
    (". for -", Plain, &[(b"{.}", b"{c}")]),
    ("~ for -", Plain, &[(b"{~}", b"{c}")]),
    ("twice", Plain, &[(b"{n}", b"{c}"), (b"{n}", b"{c}")]),
    ("list", Plain, &[(b"{n}", b"a,{c}, b")]),
    ("trailer", Trailers, &[(b"{n}", b"{c}")]),
    ("trailer with _", Trailers, &[(b"{u}", b"{c}")]),
    (
        "from the table of the compression",
        Indexed,
        &[(b"{n}", b"{c}")],
    ),
    ("continued", Continued, &[(b"{n}", b"{c}")]),
    (
        "between the pseudo-headers",
        InTheMiddle,
        &[(b"{n}", b"{c}")],
    ),
];

/// Forms for some names.
pub(super) const WITH_SOME_NAMES: &[Form] = &[
    ("! for -", Plain, &[(b"{!}", b"{c}")]),
    ("# for -", Plain, &[(b"{#}", b"{c}")]),
    ("$ for -", Plain, &[(b"{$}", b"{c}")]),
    ("% for -", Plain, &[(b"{%}", b"{c}")]),
    ("& for -", Plain, &[(b"{&}", b"{c}")]),
    ("' for -", Plain, &[(b"{'}", b"{c}")]),
    ("* for -", Plain, &[(b"{*}", b"{c}")]),
    ("+ for -", Plain, &[(b"{+}", b"{c}")]),
    ("^ for -", Plain, &[(b"{^}", b"{c}")]),
    ("` for -", Plain, &[(b"{`}", b"{c}")]),
    ("| for -", Plain, &[(b"{|}", b"{c}")]),
    (
        "empty, then filled",
        Plain,
        &[(b"{n}", b""), (b"{n}", b"{c}")],
    ),
    (
        "filled, then empty",
        Plain,
        &[(b"{n}", b"{c}"), (b"{n}", b"")],
    ),
    (
        "with - and with _",
        Plain,
        &[(b"{n}", b"a"), (b"{u}", b"{c}")],
    ),
    (
        "three times with another header in between",
        Plain,
        &[
            (b"{n}", b"{c}"),
            (b"x-a", b"b"),
            (b"{n}", b"{c}"),
            (b"x-b", b"c"),
            (b"{n}", b"{c}"),
        ],
    ),
    ("list of empty members", Plain, &[(b"{n}", b",,{c},,")]),
    ("blanks before the value", Plain, &[(b"{n}", b"{S}{c}")]),
    ("blanks behind the value", Plain, &[(b"{n}", b"{c}{S}")]),
    ("tabs around the value", Plain, &[(b"{n}", b"\t{c}\t")]),
    ("blank behind the name", Plain, &[(b"{n} ", b"{c}")]),
    ("blank before the name", Plain, &[(b" {n}", b"{c}")]),
    ("tab behind the name", Plain, &[(b"{n}\t", b"{c}")]),
    ("colon behind the name", Plain, &[(b"{n}:", b"{c}")]),
    ("colon before the name", Plain, &[(b":{n}", b"{c}")]),
    ("name and value in the name", Plain, &[(b"{n}: {c}", b"")]),
    (
        "name and value in the name of a short header",
        Plain,
        &[(b"{n}: {c}\r\nx-a", b"b")],
    ),
    (
        "line break before the name",
        Plain,
        &[(b"x-a: b\r\n{n}", b"{c}")],
    ),
    (
        "line feed before the name",
        Plain,
        &[(b"x-a: b\n{n}", b"{c}")],
    ),
    (
        "line break in a value",
        Plain,
        &[(b"x-a", b"b\r\n{n}: {c}")],
    ),
    ("line feed in a value", Plain, &[(b"x-a", b"b\n{n}: {c}")]),
    (
        "carriage return in a value",
        Plain,
        &[(b"x-a", b"b\r{n}: {c}")],
    ),
    (
        "line breaks of Unicode in a value",
        Plain,
        &[(b"x-a", b"b\xc2\x85{n}: {c}")],
    ),
    (
        "line break at the end of a value",
        Plain,
        &[(b"x-a", b"b\r\n"), (b"{n}", b"{c}")],
    ),
    (
        "NUL in a value",
        Plain,
        &[(b"x-a", b"b\x00"), (b"{n}", b"{c}\x00")],
    ),
    ("NUL behind the name", Plain, &[(b"{n}\x00", b"{c}")]),
    ("byte 80 behind the name", Plain, &[(b"{n}\x80", b"{c}")]),
    ("byte ff before the name", Plain, &[(b"\xff{n}", b"{c}")]),
    ("byte 7f behind the name", Plain, &[(b"{n}\x7f", b"{c}")]),
    (
        "bytes ff fe in the value",
        Plain,
        &[(b"{n}", b"{c}\xff\xfe")],
    ),
    ("8 KiB of value", Plain, &[(b"{n}", b"{L}{c}")]),
    ("20 KiB of value", Plain, &[(b"{n}", b"{K}{c}")]),
    (
        "behind 20 KiB",
        Plain,
        &[(b"x-a", b"{K}"), (b"{n}", b"{c}")],
    ),
    (
        "nominated by connection",
        Plain,
        &[(b"connection", b"{n}"), (b"{n}", b"{c}")],
    ),
    (
        "nominated by proxy-connection",
        Plain,
        &[(b"proxy-connection", b"{n}"), (b"{n}", b"{c}")],
    ),
    (
        "beside keep-alive",
        Plain,
        &[(b"keep-alive", b"1"), (b"{n}", b"{c}")],
    ),
    (
        "beside transfer-encoding",
        Plain,
        &[(b"transfer-encoding", b"chunked"), (b"{n}", b"{c}")],
    ),
    (
        "beside upgrade",
        Plain,
        &[(b"upgrade", b"websocket"), (b"{n}", b"{c}")],
    ),
    (
        "beside te: trailers",
        Plain,
        &[(b"te", b"trailers"), (b"{n}", b"{c}")],
    ),
    (
        "beside a second te",
        Plain,
        &[(b"te", b"trailers, {n}"), (b"{n}", b"{c}")],
    ),
    (
        "beside host",
        Plain,
        &[(b"host", b"other"), (b"{n}", b"{c}")],
    ),
    (
        "beside cookies in pieces",
        Plain,
        &[
            (b"cookie", b"a=b"),
            (b"{n}", b"{c}"),
            (b"cookie", b"{n}={c}"),
        ],
    ),
    (
        "beside Expect",
        Plain,
        &[(b"expect", b"100-continue"), (b"{n}", b"{c}")],
    ),
    ("trailer in upper case", Trailers, &[(b"{N}", b"{c}")]),
    (
        "trailer twice",
        Trailers,
        &[(b"{n}", b"{c}"), (b"{n}", b"{c}")],
    ),
    (
        "trailer with a line break",
        Trailers,
        &[(b"x-a", b"b\r\n{n}: {c}")],
    ),
    (
        "trailer behind a pseudo-header",
        Trailers,
        &[(b":path", b"/"), (b"{n}", b"{c}")],
    ),
    (
        "trailer with an empty name before it",
        Trailers,
        &[(b"", b"b"), (b"{n}", b"{c}")],
    ),
    (
        "empty name before it",
        Plain,
        &[(b"", b"b"), (b"{n}", b"{c}")],
    ),
    ("with _, continued", Continued, &[(b"{u}", b"{c}")]),
    (
        "line break, continued",
        Continued,
        &[(b"x-a", b"b\r\n{n}: {c}")],
    ),
    (
        "with _, from the table of the compression",
        Indexed,
        &[(b"{u}", b"{c}")],
    ),
    (
        "upper case, from the table of the compression",
        Indexed,
        &[(b"{N}", b"{c}")],
    ),
    (
        "before every other header, twice",
        InTheMiddle,
        &[(b"{n}", b"{c}"), (b"{n}", b"{c}")],
    ),
    (
        "soft hyphen behind the name",
        Plain,
        &[(b"{n}\xc2\xad", b"{c}")],
    ),
    ("quoted name", Plain, &[(b"\"{n}\"", b"{c}")]),
];
