//! Finds tokens and assertions that are written to logs or traces.

use super::code::Code;
use super::finding::{Finding, Place};
use super::node::Node;

/// Headers with whose value a reader can call services as another caller.
const SECRET: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-portcullis-assertion",
];
/// Fields of loggers and trace tags that name a header to write.
const NAMES: [&str; 3] = [
    "additional_request_headers_to_log",
    "request_header",
    "requestHeader",
];

/// Checks everything below the field `field` of `holder`.
pub(super) fn check(place: &Place, holder: Node<'_>, field: &str, findings: &mut Vec<Finding>) {
    for node in holder.get(field).descendants() {
        let logged = node.text().and_then(formatted).or_else(|| named(node));
        if let Some(name) = logged {
            findings.push(place.finding(Code::TokenLogged, field, format!("writes {name}")));
        }
    }
}

/// The secret header that a command operator writes, such as `%REQ(AUTHORIZATION?X)%`.
fn formatted(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    let arguments = text
        .split('%')
        .filter_map(|operator| operator.split_once('(')?.1.split(')').next());
    let headers: Vec<&str> = arguments
        .flat_map(|names| names.split([':', '?']))
        .collect();
    SECRET.into_iter().find(|secret| headers.contains(secret))
}

/// The secret header that a field names.
fn named(node: Node<'_>) -> Option<&'static str> {
    let lists = NAMES.iter().map(|name| node.get(name));
    let names: Vec<&str> = lists
        .flat_map(|list| list.items().chain([list.get("name")]))
        .filter_map(Node::text)
        .collect();
    SECRET
        .into_iter()
        .find(|secret| names.iter().any(|name| name.eq_ignore_ascii_case(secret)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::finding::Place;
    use super::super::node::Node;
    use super::check;

    #[test]
    fn logs_with_secret_header_are_found() {
        struct Case {
            name: &'static str,
            logger: Value,
            expected: usize,
        }

        for Case {
            name,
            logger,
            expected,
        } in [
            Case {
                name: "token in JSON",
                logger: json!({"log_format": {"json_format": {"a": "%REQ(AUTHORIZATION)%"}}}),
                expected: 1,
            },
            Case {
                name: "token as alternative in text",
                logger: json!({"log_format":
                    {"text_format": "x %REQ(:PATH)% %REQ(x-id?Authorization):10%"}}),
                expected: 1,
            },
            Case {
                name: "cookie in text",
                logger: json!({"log_format": {"text_format": "%REQ(cookie)%"}}),
                expected: 1,
            },
            Case {
                name: "assertion in text",
                logger: json!({"log_format": {"text_format": "%REQ(X-PORTCULLIS-ASSERTION)%"}}),
                expected: 1,
            },
            Case {
                name: "token in gRPC",
                logger: json!({"additional_request_headers_to_log": ["Authorization"]}),
                expected: 1,
            },
            Case {
                name: "token in a tag",
                logger: json!({"custom_tags":
                    [{"tag": "t", "request_header": {"name": "authorization"}}]}),
                expected: 1,
            },
            Case {
                name: "other header in a tag",
                logger: json!({"custom_tags":
                    [{"tag": "t", "request_header": {"name": "x-request-id"}}]}),
                expected: 0,
            },
            Case {
                name: "other header in gRPC",
                logger: json!({"additional_request_headers_to_log": ["x-request-id"]}),
                expected: 0,
            },
            Case {
                name: "token as key",
                logger: json!({"log_format":
                    {"json_format": {"authorization": "%RESPONSE_CODE%"}}}),
                expected: 0,
            },
            Case {
                name: "token as literal text",
                logger: json!({"log_format": {"text_format": "%REQ(X-REQUEST-ID)% authorization"}}),
                expected: 0,
            },
        ] {
            let mut findings = Vec::new();
            let holder = json!({"access_log": [logger]});
            check(
                &Place::new("f", "p"),
                Node::new(&holder),
                "access_log",
                &mut findings,
            );
            assert_eq!(findings.len(), expected, "{name}: {holder}");
        }
    }
}
