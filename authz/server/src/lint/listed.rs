//! What may stand in Envoy's configuration: a list of fields and extensions. Everything else is
//! named.
//!
//! The list is complete by construction: `tests/listed.rs` compares it with the fields of Envoy's
//! own messages, so that a field of a later Envoy has no rule.

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

/// A message of Envoy's with a rule for each of its fields.
#[derive(Debug)]
pub(super) struct Message {
    /// The full name in Envoy's protos.
    pub(super) name: &'static str,
    pub(super) groups: &'static [(Rule, &'static [&'static str])],
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Opens nothing, whatever it holds.
    Harmless,
    /// Opens nothing, unless an extension below it runs code or chooses a destination.
    Extensible,
    /// Judged by a check of its own in this module tree.
    Judged,
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

/// The types that may stand at an extension point.
#[derive(Debug)]
pub(super) struct Extensions {
    /// Types with rules of their own.
    pub(super) listed: &'static [&'static Message],
    /// Types that open nothing, whatever they hold.
    pub(super) whole: &'static [&'static str],
    /// Types that a check of its own in this module tree judges.
    pub(super) judged: &'static [&'static str],
    /// Types with a code of their own.
    pub(super) named: &'static [(&'static str, Code)],
    /// The code of all other types.
    pub(super) otherwise: Code,
}

impl Extensions {
    /// Nothing may stand there yet. Tables override what may.
    pub(super) const NONE: Self = Self {
        listed: &[],
        whole: &[],
        judged: &[],
        named: &[],
        otherwise: Code::ExtensionUnlisted,
    };
}

/// Declares a message: `NAME = "type"; Rule => field, field; …`
macro_rules! message {
    ($(#[$attribute:meta])* $name:ident = $type:literal; $($rule:expr => $($field:ident),+;)*) => {
        $(#[$attribute])*
        pub(in crate::lint) static $name: $crate::lint::listed::Message = $crate::lint::listed::Message {
            name: $type,
            groups: &[$(($rule, &[$(stringify!($field)),+])),*],
        };
    };
}
use message;

/// Names everything in `node`, a message of this type, that the list does not allow.
pub(super) fn check(
    place: &Place,
    field: &str,
    message: &'static Message,
    node: Node<'_>,
    findings: &mut Vec<super::Finding>,
) {
    Walk { place, findings }.message(field, message, node);
}
