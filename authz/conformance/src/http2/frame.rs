//! Encodes and parses HTTP/2 frames (RFC 9113 §4, §6).

use super::compression::compress;
use crate::case::{Framing, Part};

/// The largest payload that every peer accepts (RFC 9113 §4.2).
const LARGEST: usize = 16 * 1024;
/// Number of CONTINUATION frames. nghttp2 and others close a connection after more than eight, as
/// the fix for CONTINUATION floods (CVE-2024-27919).
const CONTINUATIONS: usize = 6;
const CONTINUATION_SIZE: usize = 7;

const END_STREAM: u8 = 0x1;
const ACKNOWLEDGEMENT: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Reset,
    Settings,
    Ping,
    GoAway,
    Other,
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The first frame of `bytes` and its length, or `None` if it is incomplete.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let [a, b, c, kind, flags, stream @ ..] = bytes.first_chunk::<9>()?;
        let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
        let payload = bytes.get(9..9 + length)?.to_vec();
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Headers,
            3 => Kind::Reset,
            4 => Kind::Settings,
            6 => Kind::Ping,
            7 => Kind::GoAway,
            _ => Kind::Other,
        };
        Some((
            Self {
                kind,
                flags: *flags,
                stream: u32::from_be_bytes(*stream) & 0x7fff_ffff,
                payload,
            },
            9 + length,
        ))
    }

    pub(super) fn is_acknowledgement(&self) -> bool {
        self.flags & ACKNOWLEDGEMENT != 0
    }

    /// Whether GOAWAY reports an error, rather than a graceful shutdown (RFC 9113 §6.8).
    pub(super) fn is_connection_error(&self) -> bool {
        self.payload.get(4..8).is_some_and(|code| code != [0; 4])
    }

    /// Whether this frame answers [`ping`].
    pub(super) fn answers_ping(&self, stream: u32) -> bool {
        self.is_acknowledgement() && self.payload == u64::from(stream).to_be_bytes()
    }

    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers) && self.flags & END_STREAM != 0
    }

    /// The compressed fields of HEADERS, without padding and priority.
    pub(super) fn fields(&self) -> &[u8] {
        let skipped =
            usize::from(self.flags & PADDED != 0) + if self.flags & PRIORITY == 0 { 0 } else { 5 };
        self.payload.get(skipped..).unwrap_or_default()
    }
}

/// Encodes `part` as frames.
pub(super) fn encode(part: &Part, stream: u32) -> Vec<u8> {
    match part {
        Part::Data { bytes, end } => frame(0, if *end { END_STREAM } else { 0 }, stream, bytes),
        Part::Headers {
            fields,
            framing,
            end,
        } => {
            let block = compress(fields, *framing);
            let pieces = pieces(&block, *framing);
            let last = pieces.len().saturating_sub(1);
            let frames = pieces.into_iter().enumerate().flat_map(|(at, piece)| {
                let ends_stream = if at == 0 && *end { END_STREAM } else { 0 };
                let ends_headers = if at == last { END_HEADERS } else { 0 };
                frame(
                    if at == 0 { 1 } else { 9 },
                    ends_stream | ends_headers,
                    stream,
                    piece,
                )
            });
            frames.collect()
        }
    }
}

/// The pieces of a block: for HEADERS, then for each CONTINUATION.
fn pieces(block: &[u8], framing: Framing) -> Vec<&[u8]> {
    let cut = if framing == Framing::Continued {
        CONTINUATIONS * CONTINUATION_SIZE
    } else {
        0
    };
    let (start, end) = block
        .split_at_checked(block.len().saturating_sub(cut))
        .unwrap_or((block, &[]));
    if start.is_empty() {
        vec![block]
    } else {
        start
            .chunks(LARGEST)
            .chain(end.chunks(CONTINUATION_SIZE))
            .collect()
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let pairs = values
        .iter()
        .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
    frame(4, 0, 0, &pairs.collect::<Vec<u8>>())
}

pub(super) fn settings_acknowledgement() -> Vec<u8> {
    frame(4, ACKNOWLEDGEMENT, 0, &[])
}

/// A PING with the id of the stream before it.
pub(super) fn ping(stream: u32) -> Vec<u8> {
    frame(6, 0, 0, &u64::from(stream).to_be_bytes())
}

pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    frame(6, ACKNOWLEDGEMENT, 0, payload)
}

pub(super) fn window_update(size: u32) -> Vec<u8> {
    frame(8, 0, 0, &size.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Frame, encode};
    use crate::case::{Framing, Part};

    #[test]
    fn headers_are_split_into_acceptable_frames() {
        let fields = vec![(b"a".to_vec(), vec![b'b'; 20_000])];
        for framing in [Framing::Whole, Framing::Continued] {
            let encoded = encode(
                &Part::Headers {
                    fields: fields.clone(),
                    framing,
                    end: true,
                },
                5,
            );
            let mut bytes = &encoded[..];
            let mut lengths = Vec::new();
            while let Some((frame, length)) = Frame::parse(bytes) {
                assert_eq!(
                    (frame.stream, frame.ends_stream()),
                    (5, lengths.is_empty()),
                    "{framing:?}"
                );
                lengths.push(frame.payload.len());
                bytes = &bytes[length..];
            }
            assert!(
                bytes.is_empty() && lengths.iter().all(|length| *length <= 16 * 1024),
                "{framing:?}: {lengths:?}"
            );
            assert_eq!(
                lengths.iter().sum::<usize>(),
                1 + 2 + 4 + 20_000,
                "{framing:?}: {lengths:?}"
            );
        }
    }
}
