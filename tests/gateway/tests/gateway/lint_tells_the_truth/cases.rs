//! Edits that `portcullis lint` reports, each with a request that shows its effect on Envoy.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use crate::lint_tells_the_truth::upstream::Upstream;

mod callers;
mod requests;
mod services;

const EXT_AUTHZ: Part = Part::Filter("envoy.filters.http.ext_authz");
const ME: Part = Part::Route("task-api-me");
const NOTICES: Part = Part::Route("notification-notifications");

/// The place where the text of a case shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In the answer, whose body is the request that the service received.
    InAnswer,
    /// In the requests of the service that no route names.
    AtOther,
}

/// An edit, a request, and a text that the request shows only with the edit.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    pub(crate) edits: Vec<(Part, Edit)>,
    /// A request to send before, on its own connection.
    pub(crate) before: Option<String>,
    /// The bytes of the request.
    ///
    /// The names of tokens, `OTHER_PORT` and `OTHER_CLUSTER` are placeholders for `filled`.
    pub(crate) request: String,
    pub(crate) shown: Shown,
    /// The text, in lower case.
    pub(crate) text: &'static str,
}

/// Tokens of callers.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) tasks: String,
    pub(crate) notices: String,
    pub(crate) notices_of_another: String,
}

/// Returns a GET with these header lines, each with its line break.
fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n{headers}\r\n")
}

const WITH_TOKEN: &str = "Authorization: Bearer TOKEN\r\n";

fn case(
    name: &'static str,
    code: &'static str,
    part: Part,
    edit: Edit,
    request: String,
    text: &'static str,
) -> Case {
    Case {
        name,
        code,
        edits: vec![(part, edit)],
        before: None,
        request,
        shown: Shown::InAnswer,
        text,
    }
}

impl Case {
    /// Adds an edit without which the first one shows no effect.
    fn with(mut self, part: Part, edit: Edit) -> Self {
        self.edits.push((part, edit));
        self
    }
}

/// Returns a case whose request has no token.
fn open(name: &'static str, code: &'static str, part: Part, edit: Edit) -> Case {
    case(
        name,
        code,
        part,
        edit,
        get("/api/me", ""),
        "get /api/me http/1.1",
    )
}

fn any(type_name: &str, mut fields: Value) -> Value {
    fields["@type"] = format!("type.googleapis.com/envoy.extensions.{type_name}").into();
    fields
}

fn extension(type_name: &str, fields: Value) -> Value {
    json!({"name": "extra", "typed_config": any(type_name, fields)})
}

fn lua(code: &str) -> Value {
    extension(
        "filters.http.lua.v3.Lua",
        json!({"default_source_code": {"inline_string": code}}),
    )
}

/// Returns a header_mutation filter that gives every caller the role `root`.
fn identity_mutation() -> Value {
    let append = json!({
        "header": {"key": "x-user-roles", "value": "root"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    });
    extension(
        "filters.http.header_mutation.v3.HeaderMutation",
        json!({"mutations": {"request_mutations": [{"append": append}]}}),
    )
}

pub(crate) fn cases() -> Vec<Case> {
    [
        services::without_a_token(),
        services::to_another_service(),
        callers::with_another_caller(),
        requests::along_another_path(),
        requests::with_removed_parts(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the edit that sends Envoy's client address to the service.
pub(crate) fn telling() -> Vec<(Part, Edit)> {
    let address = "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%";
    let header = json!([{"header": {"key": "x-client", "value": address}}]);
    vec![(ME, Edit::Set("/request_headers_to_add", header))]
}

impl Case {
    /// Replaces the placeholders, once the gateway runs.
    pub(crate) fn filled(self, number: usize, tokens: &Tokens, other: &Upstream) -> Self {
        let Tokens {
            tasks,
            notices,
            notices_of_another,
        } = tokens;
        let fill = |text: &str| {
            let text = text
                .replace("ANOTHERS_NOTICE_TOKEN", notices_of_another)
                .replace("NOTICE_TOKEN", notices);
            let text = text.replace("TOKEN", tasks);
            text.replace("OTHER_PORT", &other.port.to_string())
                .replace("OTHER_CLUSTER", &format!("other-{number}"))
        };
        let Self {
            before, request, ..
        } = &self;
        let before = before.as_deref().map(fill);
        let request = fill(request);
        Self {
            before,
            request,
            ..self
        }
    }
}
