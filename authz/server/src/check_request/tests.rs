use envoy_types::ext_authz::v3::pb::{CheckRequest as Generated, HeaderValue};
use envoy_types::pb::envoy::config::core::v3::HeaderMap;
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use portcullis_token::Authorization;
use prost::Message;

use super::Attributes;
use crate::ext_authz::CheckRequest;

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
    Generated {
        attributes: Some(context),
    }
    .encode_to_vec()
}

fn decoded(bytes: &[u8]) -> CheckRequest {
    CheckRequest::decode(bytes).unwrap()
}

#[test]
fn authorization_lines_stay_apart_and_keep_their_bytes() {
    struct Case {
        name: &'static str,
        lines: &'static [&'static [u8]],
        expected: usize,
    }
    for Case {
        name,
        lines,
        expected,
    } in [
        Case {
            name: "no line",
            lines: &[],
            expected: 0,
        },
        Case {
            name: "a line that is not UTF-8",
            lines: &[b"Bearer \xff"],
            expected: 1,
        },
        Case {
            name: "two lines",
            lines: &[b"Bearer a", b"Bearer b"],
            expected: 2,
        },
    ] {
        let check = decoded(&request(lines, &[], "/"));
        let found = match Attributes::read(&check).unwrap().authorization {
            Authorization::Absent => 0,
            Authorization::One(line) => {
                assert_eq!(line, b"Bearer \xff", "{name}");
                1
            }
            Authorization::Several => 2,
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn upstream_path_lacks_the_removed_prefix() {
    struct Case {
        name: &'static str,
        prefix: &'static str,
        path: &'static str,
        expected: Option<&'static str>,
    }
    for Case {
        name,
        prefix,
        path,
        expected,
    } in [
        Case {
            name: "no prefix",
            prefix: "",
            path: "/api/tasks?a=b",
            expected: Some("/api/tasks?a=b"),
        },
        Case {
            name: "the prefix",
            prefix: "/notification",
            path: "/notification/notify",
            expected: Some("/notify"),
        },
        Case {
            name: "half a segment",
            prefix: "/notification",
            path: "/notifications",
            expected: None,
        },
        Case {
            name: "another path",
            prefix: "/notification",
            path: "/other",
            expected: None,
        },
    ] {
        let extensions = [("policy", "p"), ("removed_prefix", prefix)];
        let check = decoded(&request(&[], &extensions, path));
        let attributes = Attributes::read(&check).unwrap();
        assert_eq!(
            (attributes.policy, attributes.upstream_path()),
            (Some("p"), expected),
            "{name}: {prefix} {path}"
        );
    }
}

#[test]
fn strings_that_decide_are_utf_8() {
    struct Case {
        name: &'static str,
        damaged: &'static str,
        is_read: bool,
    }
    for Case {
        name,
        damaged,
        is_read,
    } in [
        Case {
            name: "nothing is damaged",
            damaged: "absent",
            is_read: true,
        },
        Case {
            name: "the method",
            damaged: "GET",
            is_read: false,
        },
        Case {
            name: "the path",
            damaged: "/somewhere",
            is_read: false,
        },
        Case {
            name: "the policy",
            damaged: "the-policy",
            is_read: false,
        },
        Case {
            name: "the removed prefix, and the path",
            damaged: "/some",
            is_read: false,
        },
        Case {
            name: "the line with the token",
            damaged: "Bearer a",
            is_read: true,
        },
        Case {
            name: "another extension",
            damaged: "unread",
            is_read: true,
        },
    ] {
        let extensions = [
            ("policy", "the-policy"),
            ("removed_prefix", "/some"),
            ("other", "unread"),
        ];
        let mut bytes = request(&[b"Bearer a"], &extensions, "/somewhere");
        let places = bytes
            .windows(damaged.len())
            .enumerate()
            .filter(|(_, window)| *window == damaged.as_bytes())
            .map(|(place, _)| place)
            .collect::<Vec<_>>();
        for place in places {
            bytes[place] = 0xff;
        }
        let check = decoded(&bytes);
        assert_eq!(Attributes::read(&check).is_some(), is_read, "{name}");
    }
}

#[test]
fn malformed_message_is_no_check_request() {
    assert!(
        Attributes::read(&decoded(&[])).is_none(),
        "an empty message has no HTTP request"
    );
    let whole = request(&[b"Bearer a"], &[("policy", "p")], "/");
    for length in 1..whole.len() {
        assert!(
            CheckRequest::decode(&whole[..length]).is_err(),
            "cut to {length}"
        );
    }
    assert!(
        CheckRequest::decode(&b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..]).is_err(),
        "a length beyond memory"
    );
}
