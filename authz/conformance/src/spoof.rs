//! Spoofs: forms of identity headers that may reach the service past the gateway.

mod http1;
mod http2;

use crate::canary::Role;
use crate::case::{Case, Field, Framing, Part, Setting, Wire};
use crate::identity::IdentityHeaders;
use crate::template::Filling;

/// The place of the lines of an HTTP/1.1 form.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Between the request line and Host.
    First,
    /// Behind every other header.
    Last,
    /// Behind a chunked body.
    Trailer,
    /// Behind every other header, in an HTTP/1.0 request.
    Only10,
}

/// The way in which the fields of an HTTP/2 form are sent.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// With the other fields.
    Plain,
    /// Split into CONTINUATION frames.
    Continued,
    /// As a reference to the dynamic table of HPACK.
    Indexed,
    /// Before the last pseudo-header.
    InTheMiddle,
    /// Behind the body.
    Trailers,
}

/// A spoof: a name and a form.
#[derive(Clone, Debug)]
pub(crate) struct Spoof {
    name: String,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Http1(&'static http1::Form),
    Http2(&'static http2::Form),
}

/// Every spoof over one version of HTTP.
pub(crate) fn spoofs(headers: &IdentityHeaders, http2: bool) -> Vec<Spoof> {
    let with = |names: &[String], forms: Vec<Form>| -> Vec<Spoof> {
        let spoof = |name: &String, form| Spoof {
            name: name.clone(),
            form,
        };
        names
            .iter()
            .flat_map(|name| forms.iter().map(move |form| spoof(name, *form)))
            .collect()
    };
    let (every, some) = if http2 {
        let forms = |forms: &'static [http2::Form]| forms.iter().map(Form::Http2).collect();
        (forms(http2::WITH_EVERY_NAME), forms(http2::WITH_SOME_NAMES))
    } else {
        let forms = |forms: &'static [http1::Form]| forms.iter().map(Form::Http1).collect();
        (forms(http1::WITH_EVERY_NAME), forms(http1::WITH_SOME_NAMES))
    };
    [
        with(&headers.names(), every),
        with(&headers.in_every_form(), some),
    ]
    .concat()
}

impl Spoof {
    /// The request with the spoofed header.
    pub(crate) fn case(&self, setting: &Setting) -> Case {
        let planted = setting.canary.with_role(Role::Planted).to_string();
        let filling = Filling {
            name: &self.name,
            value: &planted,
        };
        match self.form {
            Form::Http1((what, place, lines)) => Case {
                what: format!("{}: {what}", self.name),
                wire: Wire::Http1(http1_request(
                    setting,
                    *place,
                    &self.name,
                    &filling.fill(lines),
                )),
            },
            Form::Http2((what, way, fields)) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| (filling.fill(name), filling.fill(value)))
                    .collect();
                Case {
                    what: format!("{}: {what}", self.name),
                    wire: Wire::Http2(http2_parts(setting, *way, fields)),
                }
            }
        }
    }
}

fn http1_request(setting: &Setting, place: Place, name: &str, lines: &[u8]) -> Vec<u8> {
    let head = setting.http1_head();
    let end = head
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .map_or(head.len(), |at| at + 2);
    let (request_line, headers) = head.split_at_checked(end).unwrap_or((&head, &[]));
    match place {
        Place::First => [request_line, lines, headers, b"\r\n"].concat(),
        Place::Last => [&head, lines, b"\r\n"].concat(),
        Place::Only10 => {
            let old = String::from_utf8_lossy(request_line).replace("HTTP/1.1", "HTTP/1.0");
            [old.as_bytes(), headers, lines, b"\r\n"].concat()
        }
        Place::Trailer => {
            let body = format!(
                "Transfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: {name}\r\n\r\n\
                 1\r\nx\r\n0\r\n"
            );
            [&head, body.as_bytes(), lines, b"\r\n"].concat()
        }
    }
}

fn http2_parts(setting: &Setting, way: Way, spoof: Vec<Field>) -> Vec<Part> {
    let mut fields = setting.http2_fields();
    let framing = match way {
        Way::Continued => Framing::Continued,
        Way::Indexed => Framing::Indexed,
        Way::Plain | Way::InTheMiddle | Way::Trailers => Framing::Whole,
    };
    match way {
        Way::Trailers => {
            fields.push((b"te".to_vec(), b"trailers".to_vec()));
            return vec![
                Part::Headers {
                    fields,
                    framing,
                    end: false,
                },
                Part::Data {
                    bytes: b"x".to_vec(),
                    end: false,
                },
                Part::Headers {
                    fields: spoof,
                    framing,
                    end: true,
                },
            ];
        }
        Way::InTheMiddle => drop(fields.splice(3..3, spoof)),
        Way::Plain | Way::Continued | Way::Indexed => fields.extend(spoof),
    }
    vec![Part::Headers {
        fields,
        framing,
        end: true,
    }]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::spoofs;
    use crate::canary::{Canary, Role};
    use crate::case::{Setting, Wire};
    use crate::identity::IdentityHeaders;

    #[test]
    fn spoofs_are_a_thousand_with_canaries() {
        let canary = Canary {
            role: Role::Case,
            run: 1,
            group: 2,
            index: 3,
        };
        let setting = Setting {
            method: "GET".into(),
            path: "/a".into(),
            host: "h".into(),
            token: Some("t".into()),
            more: Vec::new(),
            canary,
        };
        for http2 in [false, true] {
            let cases: Vec<_> = spoofs(&IdentityHeaders::default(), http2)
                .iter()
                .map(|spoof| spoof.case(&setting))
                .collect();
            let different: HashSet<String> = cases
                .iter()
                .map(|case| format!("{:?}", case.wire))
                .collect();
            assert!(cases.len() >= 1_000, "HTTP/2 {http2}: {}", cases.len());
            assert!(
                different.len() >= 1_000,
                "HTTP/2 {http2}: {}",
                different.len()
            );
            for case in &cases {
                let found = match &case.wire {
                    Wire::Http1(bytes) => Canary::find_all(bytes),
                    Wire::Http2(parts) => {
                        let fields = parts.iter().flat_map(|part| match part {
                            crate::case::Part::Headers { fields, .. } => fields.clone(),
                            crate::case::Part::Data { .. } => Vec::new(),
                        });
                        fields
                            .flat_map(|(name, value)| {
                                [Canary::find_all(&name), Canary::find_all(&value)].concat()
                            })
                            .collect()
                    }
                };
                assert!(
                    found.contains(&canary) && found.contains(&canary.with_role(Role::Planted)),
                    "HTTP/2 {http2}: {}",
                    case.what
                );
            }
        }
    }
}
