use serde_json::{Value, json};

use super::super::node::Node;
use super::{Rewrite, counterexample, of};

fn rewrite(matched: &Value, action: &Value) -> Rewrite {
    of(Node::new(&json!({"match": matched, "route": action})))
}

#[test]
fn prefix_rewrite_is_a_removal_or_a_replacement() {
    struct Case {
        name: &'static str,
        matched: Value,
        action: Value,
        expected: Rewrite,
    }

    let removes = |prefix: &str| Rewrite::Removes(prefix.to_owned());
    let replaces = |matched: &str, written: &str| Rewrite::Replaces {
        matched: matched.to_owned(),
        written: written.to_owned(),
    };
    for Case {
        name,
        matched,
        action,
        expected,
    } in [
        Case {
            name: "no rewrite",
            matched: json!({"path": "/a"}),
            action: json!({"cluster": "c"}),
            expected: removes(""),
        },
        Case {
            name: "empty rewrite",
            matched: json!({"path": "/a"}),
            action: json!({"prefix_rewrite": ""}),
            expected: removes(""),
        },
        Case {
            name: "path without its first segment",
            matched: json!({"path": "/shop/orders"}),
            action: json!({"prefix_rewrite": "/orders"}),
            expected: removes("/shop"),
        },
        Case {
            name: "path with another last segment",
            matched: json!({"path": "/shop/orders"}),
            action: json!({"prefix_rewrite": "/other"}),
            expected: replaces("/shop/orders", "/other"),
        },
        Case {
            name: "prefix that ends in a slash",
            matched: json!({"prefix": "/shop/"}),
            action: json!({"prefix_rewrite": "/"}),
            expected: removes("/shop"),
        },
        Case {
            name: "field in camel case",
            matched: json!({"prefix": "/shop/"}),
            action: json!({"prefixRewrite": "/"}),
            expected: removes("/shop"),
        },
        Case {
            name: "prefix that does not end in a slash",
            matched: json!({"prefix": "/shop"}),
            action: json!({"prefix_rewrite": "/"}),
            expected: replaces("/shop", "/"),
        },
        Case {
            name: "rewrite without a slash",
            matched: json!({"prefix": "/shop/a"}),
            action: json!({"prefix_rewrite": "a"}),
            expected: replaces("/shop/a", "a"),
        },
        Case {
            name: "separated prefix without its first segment",
            matched: json!({"path_separated_prefix": "/shop/a"}),
            action: json!({"prefix_rewrite": "/a"}),
            expected: removes("/shop"),
        },
        Case {
            name: "whole separated prefix",
            matched: json!({"path_separated_prefix": "/shop"}),
            action: json!({"prefix_rewrite": "/"}),
            expected: replaces("/shop", "/"),
        },
        Case {
            name: "regex with a prefix rewrite",
            matched: json!({"safe_regex": {"regex": "/shop/.*"}}),
            action: json!({"prefix_rewrite": "/"}),
            expected: Rewrite::Unknown,
        },
        Case {
            name: "path rewrite",
            matched: json!({"path": "/a"}),
            action: json!({"path_rewrite": "/b"}),
            expected: Rewrite::Unknown,
        },
        Case {
            name: "path rewrite policy",
            matched: json!({"path": "/a"}),
            action: json!({"path_rewrite_policy": {"name": "x"}}),
            expected: Rewrite::Unknown,
        },
    ] {
        assert_eq!(
            rewrite(&matched, &action),
            expected,
            "{name}: {matched} {action}"
        );
    }
}

#[test]
fn counterexample_is_a_path_without_plain_removal() {
    struct Case<'a> {
        name: &'static str,
        matched: &'a Value,
        regex: &'static str,
        substitution: &'static str,
        expected: Option<(&'static str, &'static str)>,
    }

    let prefix = json!({"prefix": "/shop/"});
    for Case {
        name,
        matched,
        regex,
        substitution,
        expected,
    } in [
        Case {
            name: "class for the prefix",
            matched: &prefix,
            regex: "^/[a-z]+(/.*)$",
            substitution: r"\1",
            expected: None,
        },
        Case {
            name: "alternatives for the prefix",
            matched: &prefix,
            regex: "^/(shop|store)(/.*)$",
            substitution: r"\2",
            expected: None,
        },
        Case {
            name: "segments exchanged",
            matched: &prefix,
            regex: "^/shop/([^/]*)/([^/]*)/(.*)$",
            substitution: r"/\2/\1/\3",
            expected: Some(("/shop/", "/shop/")),
        },
        Case {
            name: "rest twice",
            matched: &prefix,
            regex: "^/shop(/.*)$",
            substitution: r"\1\1",
            expected: Some(("/shop/", "//")),
        },
        Case {
            name: "group without escape",
            matched: &prefix,
            regex: "^/shop(/.*)$",
            substitution: r"/$1",
            expected: Some(("/shop/", "/$1")),
        },
        Case {
            name: "exact path",
            matched: &json!({"path": "/shop/a"}),
            regex: "^/[a-z]+(/.*)$",
            substitution: r"\1",
            expected: None,
        },
        Case {
            name: "separated prefix",
            matched: &json!({"path_separated_prefix": "/shop"}),
            regex: "^/shop(/.*)?$",
            substitution: r"\1",
            expected: Some(("/shop", "")),
        },
        Case {
            name: "prefix is a regex",
            matched: &json!({"safe_regex": {"regex": "/shop/.*"}}),
            regex: "^/shop(/.*)$",
            substitution: r"\1\1",
            expected: None,
        },
    ] {
        let route = json!({"match": matched, "route": {"regex_rewrite":
            {"pattern": {"regex": regex}, "substitution": substitution}}});
        let expected = expected.map(|(path, written)| (path.to_owned(), written.to_owned()));
        assert_eq!(
            counterexample(Node::new(&route), "/shop"),
            expected,
            "{name}: {matched} {regex}"
        );
    }
}

#[test]
fn regex_rewrite_of_a_literal_is_understood() {
    struct Case {
        name: &'static str,
        regex: &'static str,
        substitution: &'static str,
        expected: Rewrite,
    }

    let removes = |prefix: &str| Rewrite::Removes(prefix.to_owned());
    for Case {
        name,
        regex,
        substitution,
        expected,
    } in [
        Case {
            name: "literal",
            regex: "^/shop/",
            substitution: "/",
            expected: removes("/shop"),
        },
        Case {
            name: "rest with its slash",
            regex: "^/shop(/.*)$",
            substitution: r"\1",
            expected: removes("/shop"),
        },
        Case {
            name: "rest of one character or more",
            regex: "^/shop(/.+)",
            substitution: r"\1",
            expected: removes("/shop"),
        },
        Case {
            name: "rest without its slash",
            regex: "^/shop/(.*)$",
            substitution: r"/\1",
            expected: removes("/shop"),
        },
        Case {
            name: "escaped dot",
            regex: r"^/v1\.0/(.*)$",
            substitution: r"/\1",
            expected: removes("/v1.0"),
        },
        Case {
            name: "rest that may lack its slash",
            regex: "^/shop(.*)$",
            substitution: r"\1",
            expected: Rewrite::Replaces {
                matched: "/shop".to_owned(),
                written: String::new(),
            },
        },
        Case {
            name: "other prefix",
            regex: "^/shop/(.*)$",
            substitution: r"/store/\1",
            expected: Rewrite::Replaces {
                matched: "/shop/".to_owned(),
                written: "/store/".to_owned(),
            },
        },
        Case {
            name: "alternatives",
            regex: "^/(shop|store)(/.*)$",
            substitution: r"\2",
            expected: Rewrite::Unknown,
        },
        Case {
            name: "class",
            regex: "^/[a-z]+(/.*)$",
            substitution: r"\1",
            expected: Rewrite::Unknown,
        },
        Case {
            name: "no rest",
            regex: "^/shop(/.*)$",
            substitution: "/",
            expected: Rewrite::Unknown,
        },
    ] {
        let action = json!({"regex_rewrite":
            {"pattern": {"regex": regex}, "substitution": substitution}});
        assert_eq!(
            rewrite(&json!({"prefix": "/"}), &action),
            expected,
            "{name}: {regex} {substitution}"
        );
    }
}
