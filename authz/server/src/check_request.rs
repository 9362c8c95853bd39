//! The request attributes that decisions use.
//!
//! They arrive as Envoy 1.40 sends them with the settings of `envoy/listeners.yaml`.

use std::str::from_utf8;

use portcullis_token::Authorization;

use crate::limits::RequestSize;
use crate::wire::{Check, Lines};

/// Request attributes of a `CheckRequest`, as strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'a> {
    /// The policy that the route names in `context_extensions`, if it names one.
    pub(crate) policy: Option<&'a str>,
    /// The prefix that Envoy removes from the path on the way to the upstream. The route names it
    /// beside the policy.
    pub(crate) removed_prefix: &'a str,
    pub(crate) authorization: Authorization<'a>,
    pub(crate) method: &'a str,
    /// Path and query as the client's request had them after normalization.
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
    /// The size of the client's request, if the gateway sends it.
    pub(crate) size: Option<RequestSize>,
    /// The client's address, as far as Envoy trusts it.
    pub(crate) client: &'a str,
}

impl<'a> Attributes<'a> {
    /// Reads the attributes.
    ///
    /// `None` if there is no HTTP request, or if a string is not UTF-8, as Protocol Buffers demand.
    pub(crate) fn read(check: &Check<'a>) -> Option<Self> {
        let string = |bytes: Option<&'a [u8]>| bytes.map(from_utf8).transpose().ok();
        let authorization = match check.authorization {
            Lines::None => Authorization::Absent,
            Lines::One(line) => Authorization::One(line),
            Lines::Several => Authorization::Several,
        };
        let attributes = Self {
            policy: string(check.policy)?,
            removed_prefix: string(check.removed_prefix)?.unwrap_or_default(),
            authorization,
            method: from_utf8(check.method).ok()?,
            path: from_utf8(check.path).ok()?,
            request_id: check
                .request_id
                .and_then(|id| from_utf8(id).ok())
                .unwrap_or_default(),
            size: check.request_size.and_then(RequestSize::read),
            client: from_utf8(check.external_address.unwrap_or(check.source_address))
                .unwrap_or_default(),
        };
        check.is_http.then_some(attributes)
    }

    /// Path and query as the upstream sees them; `None` if the path lacks the route's prefix.
    pub(crate) fn upstream_path(&self) -> Option<&'a str> {
        self.path
            .strip_prefix(self.removed_prefix)
            .filter(|path| path.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use envoy_types::ext_authz::v3::pb::{CheckRequest, HeaderValue};
    use envoy_types::pb::envoy::config::core::v3::HeaderMap;
    use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
    use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
    use portcullis_token::Authorization;
    use prost::Message;

    use super::Attributes;
    use crate::wire::{Check, Malformed};

    /// An encoded `CheckRequest` of the generated types.
    fn request(lines: &[&[u8]], extensions: &[(&str, &str)], path: &str) -> Vec<u8> {
        let header = |value: &&[u8]| HeaderValue {
            key: "authorization".to_owned(),
            value: String::new(),
            raw_value: value.to_vec(),
        };
        let header_map = Some(HeaderMap {
            headers: lines.iter().map(header).collect(),
        });
        let http = HttpRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            header_map,
            ..HttpRequest::default()
        };
        let context_extensions = extensions
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let request = Some(Request {
            http: Some(http),
            time: None,
        });
        let context = AttributeContext {
            request,
            context_extensions,
            ..AttributeContext::default()
        };
        CheckRequest {
            attributes: Some(context),
        }
        .encode_to_vec()
    }

    #[test]
    fn authorization_lines_stay_apart_and_keep_their_bytes() {
        for (lines, expected) in [
            (&[][..], 0),
            (&[&b"Bearer \xff"[..]], 1),
            (&[b"Bearer a", b"Bearer b"], 2),
        ] {
            let request = request(lines, &[], "/");
            let check = Check::read(&request).unwrap();
            let found = match Attributes::read(&check).unwrap().authorization {
                Authorization::Absent => 0,
                Authorization::One(line) => {
                    assert_eq!(line, b"Bearer \xff");
                    1
                }
                Authorization::Several => 2,
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn upstream_path_lacks_the_removed_prefix() {
        for (prefix, path, expected) in [
            ("", "/api/tasks?a=b", Some("/api/tasks?a=b")),
            ("/notification", "/notification/notify", Some("/notify")),
            ("/notification", "/notifications", None),
            ("/notification", "/other", None),
        ] {
            let request = request(&[], &[("policy", "p"), ("removed_prefix", prefix)], path);
            let check = Check::read(&request).unwrap();
            let attributes = Attributes::read(&check).unwrap();
            assert_eq!(
                (attributes.policy, attributes.upstream_path()),
                (Some("p"), expected),
                "{prefix} {path}"
            );
        }
    }

    #[test]
    fn malformed_message_is_no_check_request() {
        assert!(
            Attributes::read(&Check::read(&[]).unwrap()).is_none(),
            "an empty message has no HTTP request"
        );
        let whole = request(&[b"Bearer a"], &[("policy", "p")], "/");
        for length in 1..whole.len() {
            assert_eq!(
                Check::read(&whole[..length]),
                Err(Malformed),
                "cut to {length}"
            );
        }
        assert_eq!(
            Check::read(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            Err(Malformed),
            "a length beyond memory"
        );
    }
}
