//! Parses heads as the most lenient server does, and finds ambiguities: what servers read
//! differently.

use super::line::odd_line_ends;

/// The length of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Bytes(usize),
    Chunked,
}

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request_line: Vec<u8>,
    pub(super) method: Vec<u8>,
    pub(super) target: Vec<u8>,
    /// Names in lower case, and values. Both are trimmed.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) ambiguities: Vec<String>,
}

impl Head {
    /// The end of the head at the start of `bytes`, behind its first empty line.
    pub(super) fn end(bytes: &[u8]) -> Option<usize> {
        let feeds = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at);
        feeds
            .map(|at| at + 1)
            .find_map(|next| match bytes.get(next..)? {
                [b'\n', ..] => Some(next + 1),
                [b'\r', b'\n', ..] => Some(next + 2),
                _ => None,
            })
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut lines = bytes
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let request_line = lines.next().unwrap_or_default().to_vec();
        let mut words = request_line.split(|byte| *byte == b' ');
        let method = words.next().unwrap_or_default().to_vec();
        let target = words.next().unwrap_or_default().to_vec();
        let version = words.next().unwrap_or_default();
        let mut ambiguities: Vec<String> = odd_line_ends(bytes)
            .into_iter()
            .map(str::to_owned)
            .collect();
        if words.next().is_some() || !version.starts_with(b"HTTP/1.") || target.is_empty() {
            ambiguities.push("a request line that is not three words".to_owned());
        }
        let mut fields = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                ambiguities.push("a folded line".to_owned());
            }
            let mut halves = line.splitn(2, |byte| *byte == b':');
            let name = halves.next().unwrap_or_default();
            if name.is_empty() || !name.iter().copied().all(is_token) {
                ambiguities.push("a header name that is no token".to_owned());
            }
            let value = halves.next().unwrap_or_default();
            fields.push((
                name.trim_ascii().to_ascii_lowercase(),
                value.trim_ascii().to_vec(),
            ));
        }
        let mut head = Self {
            request_line,
            method,
            target,
            fields,
            ambiguities,
        };
        head.check_lengths();
        head
    }

    fn check_lengths(&mut self) {
        let lengths: Vec<&[u8]> = self.all("content-length").collect();
        let codings: Vec<&[u8]> = self.all("transfer-encoding").collect();
        let mut found = Vec::new();
        if !lengths.is_empty() && !codings.is_empty() {
            found.push("Content-Length and Transfer-Encoding");
        }
        if lengths.len() > 1 || codings.len() > 1 {
            found.push("a length given twice");
        }
        if lengths
            .iter()
            .any(|length| length.is_empty() || !length.iter().all(u8::is_ascii_digit))
        {
            found.push("a Content-Length that is no number");
        }
        if codings
            .iter()
            .any(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
        {
            found.push("a Transfer-Encoding other than chunked");
        }
        self.ambiguities
            .extend(found.into_iter().map(str::to_owned));
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields
            .iter()
            .filter(move |(known, _)| known == name.as_bytes())
            .map(|(_, value)| value.as_slice())
    }

    /// The first value of a header.
    pub(super) fn value(&self, name: &str) -> &[u8] {
        self.all(name).next().unwrap_or_default()
    }

    /// The length of the body. Chunked overrides Content-Length (RFC 9112 §6.3); without either
    /// there is no body.
    pub(super) fn length(&self) -> Length {
        if self
            .all("transfer-encoding")
            .any(|coding| coding.to_ascii_lowercase().ends_with(b"chunked"))
        {
            return Length::Chunked;
        }
        let length = std::str::from_utf8(self.value("content-length"))
            .ok()
            .and_then(|length| length.parse().ok());
        Length::Bytes(length.unwrap_or(0))
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{Head, Length};

    #[test]
    fn unambiguous_head_has_no_ambiguities() {
        let head = Head::parse(
            b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\nx: \r\n\r\n",
        );
        assert!(head.ambiguities.is_empty(), "{:?}", head.ambiguities);
        assert_eq!(
            (head.length(), head.value("host"), &head.target[..]),
            (Length::Chunked, &b"h"[..], &b"/a"[..])
        );
    }

    #[test]
    fn ambiguous_heads_are_reported() {
        struct Case {
            name: &'static str,
            lines: &'static str,
            part: &'static str,
        }

        for Case { name, lines, part } in [
            Case {
                name: "both lengths",
                lines: "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                part: "and Transfer-Encoding",
            },
            Case {
                name: "length twice",
                lines: "Content-Length: 1\r\nContent-Length: 1\r\n",
                part: "given twice",
            },
            Case {
                name: "signed length",
                lines: "Content-Length: +1\r\n",
                part: "no number",
            },
            Case {
                name: "list of lengths",
                lines: "Content-Length: 1, 1\r\n",
                part: "no number",
            },
            Case {
                name: "other coding",
                lines: "Transfer-Encoding: xchunked\r\n",
                part: "other than chunked",
            },
            Case {
                name: "bare line feed",
                lines: "a: b\n",
                part: "line feed",
            },
            Case {
                name: "bare carriage return",
                lines: "a: b\rc: d\r\n",
                part: "carriage return",
            },
            Case {
                name: "folded line",
                lines: "a: b\r\n c: d\r\n",
                part: "folded",
            },
            Case {
                name: "space in a name",
                lines: "a : b\r\n",
                part: "no token",
            },
            Case {
                name: "line without a colon",
                lines: "a\r\n",
                part: "no ambiguity",
            },
        ] {
            let head = Head::parse(format!("GET / HTTP/1.1\r\n{lines}\r\n").as_bytes());
            let found = head
                .ambiguities
                .iter()
                .any(|ambiguity| ambiguity.contains(part));
            assert_eq!(
                found,
                part != "no ambiguity",
                "{name}: {lines:?}: {:?}",
                head.ambiguities
            );
        }
        assert_eq!(
            Head::parse(b"GET / a HTTP/1.1\r\n\r\n").ambiguities.len(),
            1
        );
    }

    #[test]
    fn head_ends_behind_empty_line() {
        assert_eq!(Head::end(b"GET / HTTP/1.1\r\na: b\r\n\r\nxyz"), Some(24));
        assert_eq!(Head::end(b"a\n\nb"), Some(3));
        assert_eq!(Head::end(b"a\r\nb"), None);
    }
}
