//! Mutations of the early header mutations.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, extension, harmless, named};
use crate::commands::lint::code::Code;

pub(super) fn rows() -> Vec<Mutation> {
    [removals(), additions(), matchers()]
        .into_iter()
        .flatten()
        .collect()
}

fn removals() -> Vec<Mutation> {
    let without = |name, texts, code| named(name, Part::Mutations, Edit::Without("", texts), code);
    let identity = Code::IdentityHeadersNotRemoved;
    let instructions = Code::InstructionsNotRemoved;
    vec![
        without("x-user- not removed", &["\"x-user-\""], identity),
        without("x-tenant- not removed", &["\"x-tenant-\""], identity),
        without(
            "x-portcullis- not removed",
            &["\"x-portcullis-\""],
            identity,
        ),
        without(
            "x-request-id not removed",
            &["\"x-request-id\""],
            Code::RequestIdNotRemoved,
        ),
        without("x-envoy- not removed", &["\"x-envoy-\""], instructions),
        without(
            "x-original- not removed",
            &["\"x-original-\""],
            instructions,
        ),
        without("x-rewrite- not removed", &["\"x-rewrite-\""], instructions),
        without(
            "method overrides not removed",
            &["method(-override)", "\"x-http-method-override\""],
            instructions,
        ),
        without(
            "x-forwarded-host not removed",
            &["x-forwarded-(host", "\"x-forwarded-host\""],
            instructions,
        ),
        named(
            "no early mutations",
            Part::Manager,
            Edit::Remove("/early_header_mutation_extensions"),
            identity,
        )
        .and(Code::ClientAddressBelieved)
        .and(Code::RequestIdNotRemoved)
        .and(instructions),
        named(
            "early mutations by a module",
            Part::Manager,
            Edit::Last(
                "/early_header_mutation_extensions",
                extension(
                    "envoy.extensions.http.early_header_mutation.dynamic_modules.v3.X",
                    json!({}),
                ),
            ),
            Code::ExtensionUnlisted,
        ),
        named(
            "the token removed early",
            Part::Mutations,
            Edit::Last("", json!({"remove": "Authorization"})),
            Code::TokenNotSent,
        ),
        without(
            "x-forwarded-for not removed",
            &["\"x-forwarded-for\""],
            Code::ClientAddressBelieved,
        ),
        harmless(
            "one header more removed",
            Part::Mutations,
            Edit::Last("", json!({"remove": "cookie"})),
            "a removed header cannot be trusted by mistake",
        ),
    ]
}

fn additions() -> Vec<Mutation> {
    let append = |key: &str| json!({"append": {"header": {"key": key, "value": "x"}}});
    let add =
        |name, key: &str, code| named(name, Part::Mutations, Edit::Last("", append(key)), code);
    vec![
        add(
            "identity added early",
            "X-User-Oid",
            Code::IdentityHeadersAdded,
        ),
        add(
            "a tenant added early",
            "x-tenant-id",
            Code::IdentityHeadersAdded,
        ),
        add(
            "a token added early",
            "Authorization",
            Code::IdentityHeadersAdded,
        ),
        add("the path added early", ":path", Code::SettingUnlisted),
        add(
            "the address added early",
            "x-forwarded-for",
            Code::SettingUnlisted,
        ),
        add(
            "an instruction added early",
            "x-envoy-retry-on",
            Code::SettingUnlisted,
        ),
        named(
            "an early mutation that Envoy does not have",
            Part::Mutations,
            Edit::Last("", json!({"add": {}})),
            Code::SettingUnknown,
        ),
        harmless(
            "another header added early",
            Part::Mutations,
            Edit::Last("", append("x-gateway")),
            "no service takes it for identity",
        ),
    ]
}

/// Other matchers that remove the same prefix.
fn matchers() -> Vec<Mutation> {
    let never = Code::RemovalNeverMatches;
    let kept = Code::IdentityHeadersNotRemoved;
    let remove = |matcher: Value| json!({"remove_on_match": {"key_matcher": matcher}});
    let also = |name, matcher| {
        named(
            name,
            Part::Mutations,
            Edit::Last("", remove(matcher)),
            never,
        )
    };
    let instead = |matcher| Edit::Instead("", "\"x-user-\"", remove(matcher));
    let other = |name, matcher| named(name, Part::Mutations, instead(matcher), kept);
    let same = |name, matcher| {
        harmless(
            name,
            Part::Mutations,
            instead(matcher),
            "removes the same headers",
        )
    };
    vec![
        also(
            "a removal by prefix in upper case",
            json!({"prefix": "X-Debug-"}),
        ),
        also(
            "a removal by name in upper case",
            json!({"exact": "X-Debug"}),
        ),
        also(
            "a removal by expression in upper case",
            json!({"safe_regex": {"regex": "X-Debug-.*"}}),
        ),
        also(
            "a removal with one alternative in upper case",
            json!({"safe_regex": {"regex": "x-debug|X-Trace"}}),
        ),
        other(
            "an expression that is no prefix",
            json!({"safe_regex": {"regex": "x-user-"}}),
        ),
        other(
            "an expression for some endings",
            json!({"safe_regex": {"regex": "x-user-[a-z]+"}}),
        ),
        other("the name for the prefix", json!({"exact": "x-user-"})),
        other("another prefix", json!({"prefix": "x-users-"})),
        named(
            "a matcher of another's",
            Part::Mutations,
            instead(json!({"custom": extension("x.v3.X", json!({}))})),
            kept,
        )
        .and(Code::ExtensionUnlisted),
        same(
            "an expression for all endings",
            json!({"safe_regex": {"regex": "x-user-.*"}}),
        ),
        same(
            "an expression that ignores case",
            json!({"safe_regex": {"regex": "(?i)X-User-.*"}}),
        ),
        same(
            "a prefix in upper case that ignores case",
            json!({"prefix": "X-USER-", "ignore_case": true}),
        ),
        same("a shorter prefix", json!({"prefix": "x-u"})),
        same("a part of the name", json!({"contains": "-user-"})),
    ]
}
