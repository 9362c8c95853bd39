//! The list of fields and extensions that Envoy's configuration may have. Everything else is a
//! finding.
//!
//! The list is complete: `tests/listed.rs` compares it with the fields of Envoy's own messages, and
//! fails if a later Envoy has a field without a rule.

use super::code::Code;
use super::finding::Place;
use super::node::Node;
use walk::Walk;

pub(super) mod access_logs;
pub(super) mod bootstrap;
pub(super) mod clusters;
pub(super) mod filters;
pub(super) mod listeners;
pub(super) mod managers;
pub(super) mod matchers;
pub(super) mod per_route;
pub(super) mod protocols;
pub(super) mod routes;
pub(super) mod tls;
mod walk;

/// A message of Envoy, with a rule for each of its fields.
#[derive(Debug)]
pub(super) struct Message {
    /// The full name in Envoy's protos.
    pub(super) name: &'static str,
    pub(super) groups: &'static [(Rule, &'static [&'static str])],
}

/// The values that a field may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Any value: none opens a way round the gateway.
    Harmless,
    /// Any value, unless an extension below it runs code, copies requests or chooses a destination.
    Extensible,
    /// Any value here: another module of `lint` checks it.
    Checked,
    /// A message, alone, in a list or in a map, with rules of its own.
    Inside(&'static Message),
    /// A `google.protobuf.Any`, alone or in a list.
    Any(&'static Extensions),
    /// A message with `name` and `typed_config`, alone or in a list.
    Typed(&'static Extensions),
    /// A map of `google.protobuf.Any`.
    Map(&'static Extensions),
    /// Must be left at its default.
    Named(Code),
    /// An enum that must have one of these values.
    OneOf(&'static [(&'static str, u64)], Code),
}

/// The types that are allowed at an extension point.
#[derive(Debug)]
pub(super) struct Extensions {
    /// Types with rules of their own.
    pub(super) listed: &'static [&'static Message],
    /// Types that are allowed with any fields.
    pub(super) whole: &'static [&'static str],
    /// Types that another module of `lint` checks.
    pub(super) checked: &'static [&'static str],
    /// Types with a code of their own.
    pub(super) named: &'static [(&'static str, Code)],
    /// The code of all other types.
    pub(super) otherwise: Code,
}

impl Extensions {
    /// Allows no type. The tables override its fields.
    pub(super) const NONE: Self = Self {
        listed: &[],
        whole: &[],
        checked: &[],
        named: &[],
        otherwise: Code::ExtensionUnlisted,
    };
}

/// Declares a message: `NAME = "type"; Rule => field, field; …`
macro_rules! message {
    ($(#[$attribute:meta])* $name:ident = $type:literal; $($rule:expr => $($field:ident),+;)*) => {
        $(#[$attribute])*
        pub(in crate::commands::lint) static $name: $crate::commands::lint::listed::Message =
            $crate::commands::lint::listed::Message {
                name: $type,
                groups: &[$(($rule, &[$(stringify!($field)),+])),*],
            };
    };
}
use message;

/// Finds everything in `node`, which is a `message`, that the list does not allow.
pub(super) fn check(
    place: &Place,
    field: &str,
    message: &'static Message,
    node: Node<'_>,
    findings: &mut Vec<super::Finding>,
) {
    Walk { place, findings }.message(field, message, node);
}
