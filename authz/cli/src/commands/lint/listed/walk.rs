//! Walks through a message and applies the rules of its fields.

use super::{Extensions, Message, Rule};
use crate::commands::lint::code::Code;
use crate::commands::lint::finding::{Finding, Place};
use crate::commands::lint::node::{Node, camel_case};

/// Parts of the names of types that run code of their own, copy requests, or choose a destination,
/// at any extension point.
const NEVER: [&str; 8] = [
    ".dynamic_modules.",
    ".wasm.",
    ".lua.",
    ".golang.",
    ".ext_proc.",
    ".tap.",
    ".override_host.",
    ".dynamic_forward_proxy.",
];

/// The place that is checked, and the findings so far.
pub(super) struct Walk<'f> {
    pub(super) place: &'f Place,
    pub(super) findings: &'f mut Vec<Finding>,
}

impl Message {
    /// The field in the spelling of Envoy's protos, and its rule.
    fn rule(&self, key: &str) -> Option<(&'static str, Rule)> {
        self.groups.iter().find_map(|(rule, fields)| {
            let field = fields
                .iter()
                .find(|field| **field == key || camel_case(field) == key)?;
            Some((*field, *rule))
        })
    }
}

impl Walk<'_> {
    pub(super) fn message(&mut self, path: &str, message: &'static Message, node: Node<'_>) {
        for (key, value) in node.entries().filter(|(key, _)| *key != "@type") {
            let path = below(path, key);
            match message.rule(key) {
                None => {
                    let found = format!("is not a field of {}", message.name);
                    self.find(Code::SettingUnknown, &path, found);
                }
                Some((field, _)) if field != key && node.entry(field).is_present() => {
                    let found = format!("is set twice, also as {field}");
                    self.find(Code::SettingUnknown, &path, found);
                }
                Some((_, rule)) if value.is_present() => self.field(&path, rule, value),
                Some(_) => {}
            }
        }
    }

    fn field(&mut self, path: &str, rule: Rule, value: Node<'_>) {
        match rule {
            Rule::Extensible => self.extensible(path, value),
            Rule::Inside(message) => {
                each(path, value, |path, value| {
                    self.message(path, message, value);
                });
            }
            Rule::Any(extensions) => {
                each(path, value, |path, value| {
                    self.extension(path, extensions, value);
                });
            }
            Rule::Typed(extensions) => {
                each(path, value, |path, value| {
                    self.named_extension(path, extensions, value);
                });
            }
            Rule::Map(extensions) => {
                for (key, value) in value.entries().filter(|(_, value)| value.is_present()) {
                    self.extension(&below(path, key), extensions, value);
                }
            }
            Rule::Named(code) if !value.is_default() => self.find(code, path, value.describe()),
            Rule::OneOf(accepted, code) if !value.is_one_of(accepted) => {
                self.find(code, path, value.describe());
            }
            Rule::Harmless | Rule::Checked | Rule::Named(_) | Rule::OneOf(..) => {}
        }
    }

    /// Checks a message with `name` and `typed_config`.
    fn named_extension(&mut self, path: &str, extensions: &'static Extensions, node: Node<'_>) {
        for (key, value) in node.entries().filter(|(_, value)| value.is_present()) {
            match key {
                "name" => {}
                "typed_config" | "typedConfig" => {
                    self.extension(&below(path, key), extensions, value);
                }
                _ => self.find(
                    Code::SettingUnknown,
                    &below(path, key),
                    "is not a field of an extension".to_owned(),
                ),
            }
        }
    }

    fn extension(&mut self, path: &str, extensions: &'static Extensions, node: Node<'_>) {
        let (type_name, configuration) = node.typed();
        let Extensions {
            listed,
            whole,
            checked,
            named,
            otherwise,
        } = extensions;
        if let Some(message) = listed.iter().find(|message| message.name == type_name) {
            self.message(path, message, configuration);
        } else if whole.contains(&type_name) {
            self.extensible(path, configuration);
        } else if !checked.contains(&type_name) {
            let own = named.iter().find(|(name, _)| *name == type_name);
            let code = own.map_or(*otherwise, |(_, code)| *code);
            let found = if type_name.is_empty() {
                "has no @type".to_owned()
            } else {
                format!("is {type_name}")
            };
            self.find(code, path, found);
        }
    }

    /// Checks the extensions below a value that is harmless by itself.
    fn extensible(&mut self, path: &str, node: Node<'_>) {
        let types = node.descendants().into_iter().map(|node| node.typed().0);
        let runs_code = types.filter(|name| NEVER.iter().any(|part| name.contains(part)));
        for name in runs_code {
            self.find(Code::ExtensionUnlisted, path, format!("has {name}"));
        }
    }

    fn find(&mut self, code: Code, path: &str, found: String) {
        self.findings.push(self.place.finding(code, path, found));
    }
}

/// Visits the value, or each item of a list.
fn each<'a>(path: &str, value: Node<'a>, mut visit: impl FnMut(&str, Node<'a>)) {
    if !value.is_list() {
        return visit(path, value);
    }
    for (index, item) in value.items().enumerate() {
        visit(&format!("{path}[{index}]"), item);
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
