//! Gadgets with chunks whose size, end or extension can be read in two ways.

use super::Gadget;

/// Bodies. The passenger is at a place where some servers see the end of the body or of a chunk,
/// and others do not.
const BODIES: &[(&str, &[u8])] = &[
    ("extension", b"1;a=b\r\nx\r\n0;{L}\r\n\r\n{E}"),
    ("long extension", b"1;{L}\r\nx\r\n0\r\n\r\n{E}"),
    ("extension with a line feed", b"1;a=\nx\r\n0\r\n\r\n{E}"),
    (
        "extension with a line feed before the passenger",
        b"5;\n{x}\r\n{E}\r\n0\r\n\r\n",
    ),
    (
        "extension with a line feed before the end",
        b"{x};\n0\r\n\r\n{E}\r\n0\r\n\r\n",
    ),
    (
        "extension with a carriage return",
        b"1;a\rx\r\n0\r\n\r\n{E}",
    ),
    (
        "extension with a quoted line break",
        b"1;a=\"\r\n0\r\n\r\n{E}\"\r\nx\r\n0\r\n\r\n",
    ),
    ("extension with a NUL", b"1;\x00\r\nx\r\n0\r\n\r\n{E}"),
    ("blank before the extension", b"1 ;a\r\nx\r\n0\r\n\r\n{E}"),
    ("blank behind the size", b"1 \r\nx\r\n0 \r\n\r\n{E}"),
    ("tab behind the size", b"1\t\r\nx\r\n0\t\r\n\r\n{E}"),
    ("blank before the size", b" 1\r\nx\r\n 0\r\n\r\n{E}"),
    ("size behind an empty line", b"\r\n1\r\nx\r\n0\r\n\r\n{E}"),
    ("no size", b"\r\n{E}"),
    ("no size, with an extension", b";a\r\n{E}\r\n0\r\n\r\n"),
    ("bare line feed behind the size", b"1\nx\r\n0\r\n\r\n{E}"),
    ("bare line feed behind the chunk", b"1\r\nx\n0\r\n\r\n{E}"),
    ("bare line feeds at the end", b"1\r\nx\r\n0\n\n{E}"),
    (
        "bare line feed behind the last size",
        b"1\r\nx\r\n0\n\r\n{E}",
    ),
    ("bare line feed as the last line", b"1\r\nx\r\n0\r\n\n{E}"),
    ("bare carriage returns", b"1\rx\r0\r\r{E}"),
    (
        "bare carriage return as the last line",
        b"1\r\nx\r\n0\r\n\r{E}",
    ),
    ("two carriage returns", b"1\r\r\nx\r\n0\r\r\n\r\r\n{E}"),
    ("no end of the chunk", b"1\r\nx0\r\n\r\n{E}"),
    (
        "two bytes instead of the end of the chunk",
        b"1\r\nxYY0\r\n\r\n{E}",
    ),
    ("chunk longer than its size", b"1\r\nxx\r\n0\r\n\r\n{E}"),
    (
        "chunk longer than its size, by the passenger",
        b"1\r\nx{E}\r\n0\r\n\r\n",
    ),
    ("chunk shorter than its size", b"5\r\nx\r\n0\r\n\r\n{E}"),
    ("no last chunk", b"1\r\nx\r\n{E}"),
    ("no last line", b"1\r\nx\r\n0\r\n{E}"),
    ("last size 00", b"1\r\nx\r\n00\r\n\r\n{E}"),
    ("last size -0", b"1\r\nx\r\n-0\r\n\r\n{E}"),
    ("last size +0", b"1\r\nx\r\n+0\r\n\r\n{E}"),
    ("last size 0x0", b"1\r\nx\r\n0x0\r\n\r\n{E}"),
    ("size 0x1", b"0x1\r\nx\r\n0\r\n\r\n{E}"),
    ("size +1", b"+1\r\nx\r\n0\r\n\r\n{E}"),
    ("size -1", b"-1\r\nx\r\n0\r\n\r\n{E}"),
    ("size 1_0", b"1_0\r\n{E}\r\n0\r\n\r\n"),
    (
        "size with leading zeros",
        b"00000000000000000000000000000001\r\nx\r\n0\r\n\r\n{E}",
    ),
    ("size beyond 32 bits", b"100000000\r\n0\r\n\r\n{E}"),
    (
        "size beyond 64 bits",
        b"10000000000000001\r\nx\r\n0\r\n\r\n{E}",
    ),
    (
        "size beyond 64 bits, ending in 0",
        b"10000000000000000\r\n\r\n{E}",
    ),
    ("size of 64 bits", b"ffffffffffffffff\r\nx\r\n0\r\n\r\n{E}"),
    ("size of 63 bits", b"7fffffffffffffff\r\nx\r\n0\r\n\r\n{E}"),
    ("size that is no number", b"g\r\nx\r\n0\r\n\r\n{E}"),
    ("size with a letter behind it", b"1g\r\nx\r\n0\r\n\r\n{E}"),
    (
        "size in capital letters of double width",
        b"\xef\xbc\x91\r\nx\r\n0\r\n\r\n{E}",
    ),
    ("size with a NUL", b"1\x00\r\nx\r\n0\r\n\r\n{E}"),
    ("size with a byte ff", b"1\xff\r\nx\r\n0\r\n\r\n{E}"),
    ("size with a vertical tab", b"1\x0b\r\nx\r\n0\r\n\r\n{E}"),
    ("sizes in two lists", b"1,1\r\nx\r\n0\r\n\r\n{E}"),
    ("passenger as a trailer", b"0\r\n{E}"),
    ("passenger behind a trailer", b"0\r\nX-A: b\r\n\r\n{E}"),
    (
        "passenger behind a trailer with a bare line feed",
        b"0\r\nX-A: b\n\n{E}",
    ),
    (
        "passenger behind a folded trailer",
        b"0\r\nX-A: b\r\n \r\n\r\n{E}",
    ),
    (
        "Content-Length as a trailer",
        b"0\r\nContent-Length: {n}\r\n\r\n{E}",
    ),
    (
        "Transfer-Encoding as a trailer",
        b"0\r\nTransfer-Encoding: identity\r\n\r\n{E}",
    ),
    ("Host as a trailer", b"0\r\nHost: other\r\n\r\n{E}"),
    ("a trailer without a colon", b"0\r\nX-A\r\n\r\n{E}"),
    ("a trailer of 16 KiB", b"0\r\nX-A: {L}\r\n\r\n{E}"),
    ("empty chunks", b"0\r\n\r\n0\r\n\r\n{E}"),
    ("passenger in a chunk", b"{x}\r\n{E}\r\n0\r\n\r\n"),
];

pub(super) fn all() -> Vec<Gadget> {
    let heads: [(&str, &[u8]); 3] = [
        ("", b"{R}Transfer-Encoding: chunked\r\n\r\n"),
        (
            ", after Expect",
            b"{R}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            ", on GET",
            b"GET {P} HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n",
        ),
    ];
    let all = heads.into_iter().flat_map(|(when, head)| {
        BODIES
            .iter()
            .map(move |(what, body)| Gadget::http1(format!("chunks: {what}{when}"), head, body))
    });
    all.collect()
}
