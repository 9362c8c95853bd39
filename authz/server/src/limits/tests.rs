use portcullis_token::Authorization;

use super::{LONGEST_PATH, RequestSize, exceeded};
use crate::check_request::Attributes;
use crate::reply;

fn reason_code(path: &str, size: Option<(usize, usize)>) -> &'static str {
    let attributes = Attributes {
        policy: None,
        removed_prefix: "",
        authorization: Authorization::Absent,
        method: "GET",
        path,
        request_id: "",
        size: size.map(|(headers, bytes)| RequestSize { headers, bytes }),
        client: "",
    };
    exceeded(&attributes).map_or("", |reason| reply::reason_code(&reason).as_str())
}

#[test]
fn request_beyond_a_limit_is_denied_with_the_reason() {
    struct Case<'a> {
        name: &'static str,
        path: &'a str,
        size: Option<(usize, usize)>,
        expected: &'static str,
    }
    let longest = "/".repeat(LONGEST_PATH);
    let too_long = format!("{longest}/");
    for Case {
        name,
        path,
        size,
        expected,
    } in [
        Case {
            name: "no size",
            path: "/",
            size: None,
            expected: "",
        },
        Case {
            name: "as many and as large headers as allowed",
            path: "/",
            size: Some((64, 32768)),
            expected: "",
        },
        Case {
            name: "one header more",
            path: "/",
            size: Some((65, 0)),
            expected: "headers_too_large",
        },
        Case {
            name: "one byte more",
            path: "/",
            size: Some((0, 32769)),
            expected: "headers_too_large",
        },
        Case {
            name: "the longest path",
            path: &longest,
            size: Some((64, 32768)),
            expected: "",
        },
        Case {
            name: "a longer path",
            path: &too_long,
            size: None,
            expected: "uri_too_long",
        },
        Case {
            name: "a longer path before larger headers",
            path: &too_long,
            size: Some((65, 32769)),
            expected: "uri_too_long",
        },
    ] {
        assert_eq!(reason_code(path, size), expected, "{name}");
    }
}

#[test]
fn request_size_counts_the_same_in_both_versions_of_http() {
    struct Case {
        name: &'static str,
        value: &'static str,
        expected: Option<(usize, usize)>,
    }
    for Case {
        name,
        value,
        expected,
    } in [
        Case {
            name: "HTTP/1.1",
            value: "3 43 ",
            expected: Some((0, 43)),
        },
        Case {
            name: "HTTP/1.1 without the last space",
            value: "3 43",
            expected: Some((0, 43)),
        },
        Case {
            name: "HTTP/2 without TLS",
            value: "4 54 http",
            expected: Some((0, 43)),
        },
        Case {
            name: "HTTP/2 with TLS",
            value: "4 55 https",
            expected: Some((0, 43)),
        },
        Case {
            name: "as many and as large headers as allowed",
            value: "67 32768 ",
            expected: Some((64, 32768)),
        },
        Case {
            name: "nothing",
            value: "0 0 ",
            expected: Some((0, 0)),
        },
        Case {
            name: "an empty value",
            value: "",
            expected: None,
        },
        Case {
            name: "no bytes",
            value: "3",
            expected: None,
        },
        Case {
            name: "no numbers",
            value: "- - ",
            expected: None,
        },
        Case {
            name: "a negative number",
            value: "-1 43 ",
            expected: None,
        },
        Case {
            name: "a number beyond memory",
            value: "99999999999999999999999 1 ",
            expected: None,
        },
    ] {
        let expected = expected.map(|(headers, bytes)| RequestSize { headers, bytes });
        assert_eq!(
            RequestSize::read(value.as_bytes()),
            expected,
            "{name}: {value:?}"
        );
    }
    assert_eq!(RequestSize::read(b"\xff 1 "), None);
}
