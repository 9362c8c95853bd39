//! A case: the bytes to send, and a description.

use crate::canary::Canary;
use crate::escape::{abridged, escaped};

/// One dishonest request or connection.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The description, for reports.
    pub(crate) what: String,
    /// The bytes to send.
    pub(crate) wire: Wire,
}

/// The raw bytes or frames to send.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// Bytes of an HTTP/1.1 connection.
    Http1(Vec<u8>),
    /// Frames of one HTTP/2 stream.
    Http2(Vec<Part>),
}

/// Name and value of a header, as sent.
pub(crate) type Field = (Vec<u8>, Vec<u8>);

/// Part of an HTTP/2 stream.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// HEADERS, with CONTINUATION frames if needed.
    Headers {
        /// The fields, with the pseudo-headers.
        fields: Vec<Field>,
        /// The encoding of the fields into frames.
        framing: Framing,
        /// Whether the stream ends with it.
        end: bool,
    },
    /// DATA.
    Data {
        /// The payload.
        bytes: Vec<u8>,
        /// Whether the stream ends with it.
        end: bool,
    },
}

/// The encoding of a list of fields into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One frame, if the fields fit.
    Whole,
    /// CONTINUATION frames of a few bytes, which split names and values.
    Continued,
    /// The last field enters the dynamic table of HPACK (RFC 7541 §6.2.1), and is then sent a
    /// second time as a reference to that entry.
    Indexed,
}

/// The honest request that a case modifies.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The method.
    pub(crate) method: String,
    /// The path at the gateway.
    pub(crate) path: String,
    /// The value of Host.
    pub(crate) host: String,
    /// The token, if the request has one.
    pub(crate) token: Option<String>,
    /// Further headers that this kind of request needs, such as those of a preflight.
    pub(crate) more: Vec<(String, String)>,
    /// The canary that identifies the case.
    pub(crate) canary: Canary,
}

/// The header by which the echo identifies the case of a request.
pub(crate) const CASE_HEADER: &str = "x-conformance-case";

impl Setting {
    /// The headers of the honest request, without Host.
    #[must_use]
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let authorization = self
            .token
            .iter()
            .map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
        let case = [(CASE_HEADER.to_owned(), self.canary.to_string())];
        authorization
            .chain(case)
            .chain(self.more.iter().cloned())
            .collect()
    }

    /// The request line, Host and [`Setting::headers`], without the empty line at the end.
    #[must_use]
    pub(crate) fn http1_head(&self) -> Vec<u8> {
        let Self {
            method, path, host, ..
        } = self;
        let start = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        let headers = self
            .headers()
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        std::iter::once(start)
            .chain(headers)
            .collect::<String>()
            .into_bytes()
    }

    /// The HTTP/2 fields of the honest request.
    #[must_use]
    pub(crate) fn http2_fields(&self) -> Vec<Field> {
        let Self {
            method, path, host, ..
        } = self;
        let pseudo = [
            (":method", method.as_str()),
            (":scheme", "http"),
            (":authority", host),
            (":path", path),
        ];
        let pseudo = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all = pseudo.into_iter().chain(self.headers());
        all.map(|(name, value)| (name.into_bytes(), value.into_bytes()))
            .collect()
    }

    /// The honest request.
    #[must_use]
    pub(crate) fn request(&self, http2: bool) -> Wire {
        self.request_to(self.path.as_bytes(), http2)
    }

    /// The honest request with another target.
    #[must_use]
    pub(crate) fn request_to(&self, target: &[u8], http2: bool) -> Wire {
        if http2 {
            let mut fields = self.http2_fields();
            fields
                .iter_mut()
                .filter(|(name, _)| name == b":path")
                .for_each(|(_, path)| *path = target.to_vec());
            return Wire::Http2(vec![Part::Headers {
                fields,
                framing: Framing::Whole,
                end: true,
            }]);
        }
        let head = Self {
            path: String::new(),
            ..self.clone()
        }
        .http1_head();
        let rest = head.get(self.method.len() + 1..).unwrap_or_default();
        Wire::Http1([self.method.as_bytes(), b" ", target, rest, b"\r\n"].concat())
    }
}

impl Wire {
    /// The escaped bytes, with at most `most` of them for each part.
    #[must_use]
    pub(crate) fn describe(&self, most: usize) -> String {
        match self {
            Self::Http1(bytes) => abridged(bytes, most),
            Self::Http2(parts) => parts
                .iter()
                .map(|part| part.describe(most))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }
}

impl Part {
    fn describe(&self, most: usize) -> String {
        let ending = |end: &bool| if *end { " END_STREAM" } else { "" };
        match self {
            Self::Data { bytes, end } => format!("DATA{} {}", ending(end), abridged(bytes, most)),
            Self::Headers {
                fields,
                framing,
                end,
            } => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("[{}: {}]", escaped(name), abridged(value, most)));
                let framing = match framing {
                    Framing::Whole => "",
                    Framing::Continued => " in CONTINUATIONs",
                    Framing::Indexed => " with the last one indexed",
                };
                format!(
                    "HEADERS{}{framing} {}",
                    ending(end),
                    fields.collect::<Vec<_>>().join(" ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Setting, Wire};
    use crate::canary::{Canary, Role};

    #[test]
    fn target_is_sent_unchanged() {
        let canary = Canary {
            role: Role::Case,
            run: 1,
            group: 2,
            index: 3,
        };
        let setting = Setting {
            method: "GET".to_owned(),
            path: "/a".to_owned(),
            host: "h".to_owned(),
            token: Some("t".to_owned()),
            more: Vec::new(),
            canary,
        };
        let Wire::Http1(bytes) = setting.request_to(b"/\xff b", false) else {
            panic!("this is an HTTP/1.1 request")
        };
        let expected = format!("authorization: Bearer t\r\nx-conformance-case: {canary}\r\n\r\n");
        assert_eq!(
            bytes,
            [b"GET /\xff b HTTP/1.1\r\nHost: h\r\n", expected.as_bytes()].concat()
        );
        assert!(
            setting
                .request_to(b"/\xff b", true)
                .describe(99)
                .contains("[:path: /\\xff b]")
        );
    }
}
