//! A case: bytes to send, and what they try.

use crate::canary::Canary;
use crate::escape::{abridged, escaped};

/// One thing to try.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it tries, in words.
    pub(crate) what: String,
    /// What is sent.
    pub(crate) wire: Wire,
}

/// What is sent, before anything tidies it.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// The bytes of an HTTP/1.1 connection.
    Http1(Vec<u8>),
    /// The frames of one HTTP/2 stream.
    Http2(Vec<Part>),
}

/// A header as it goes onto the wire.
pub(crate) type Field = (Vec<u8>, Vec<u8>);

/// Some frames of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// HEADERS, which ends the stream or does not.
    Headers {
        /// The fields, pseudo-headers too.
        fields: Vec<Field>,
        /// How the fields are put into frames.
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

/// How a list of fields becomes frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One frame where they fit.
    Whole,
    /// A CONTINUATION after each few bytes, in the middle of names and values.
    Continued,
    /// Each field enters the table of the compression (RFC 7541 §6.2.1), and is then sent a second
    /// time as a reference to it.
    Indexed,
}

/// What a case is made of beside what it tries.
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
    /// More headers that the request needs for its kind, such as those of a preflight.
    pub(crate) more: Vec<(String, String)>,
    /// Which case this is.
    pub(crate) canary: Canary,
}

/// The header that says at the echo which case a request is.
pub(crate) const CASE_HEADER: &str = "x-conformance-case";

impl Setting {
    /// The headers that make the request an honest one, Host apart.
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

    /// The request line, Host and [`Setting::headers`], without the line that ends a head.
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

    /// The same for HTTP/2.
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

    /// An honest request.
    #[must_use]
    pub(crate) fn request(&self, http2: bool) -> Wire {
        self.request_to(self.path.as_bytes(), http2)
    }

    /// A request that is honest but for its target.
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
    /// What is sent, as text.
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
    fn a_target_goes_out_as_it_is() {
        let canary = Canary {
            role: Role::Case,
            run: 1,
            group: 2,
            index: 3,
        };
        let (method, path, host) = ("GET".to_owned(), "/a".to_owned(), "h".to_owned());
        let setting = Setting {
            method,
            path,
            host,
            token: Some("t".to_owned()),
            more: Vec::new(),
            canary,
        };
        let Wire::Http1(bytes) = setting.request_to(b"/\xff b", false) else {
            panic!("HTTP/1.1 was asked for")
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
