//! Reads the settings of routes for ext_authz, in `typed_per_filter_config`.

use super::code::Code;
use super::finding::{Finding, Place};
use super::node::Node;

/// The usual name of the filter, in this project's files and most others.
pub(super) const USUAL_NAME: &str = "envoy.filters.http.ext_authz";
const PER_ROUTE: &str = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
/// Envoy's wrapper around the settings of any filter, which can also disable the filter.
const FILTER_CONFIG: &str = "envoy.config.route.v3.FilterConfig";

/// The settings of ext_authz that are in force for one route.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings<'a> {
    pub(super) disabled: bool,
    pub(super) policy: Option<&'a str>,
    pub(super) removed_prefix: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// Merges `levels`, the least specific first, for the filters with these names. In tests with
    /// Envoy 1.40, the most specific level decides whether a filter runs, and Envoy merges the
    /// context extensions of all levels.
    pub(super) fn of(levels: &[Node<'a>], names: &[&str]) -> Self {
        let mut all = Self::default();
        for name in names {
            let settings = Self::of_filter(levels, name);
            // Any of several filters may be the one that calls the authz server, so each must.
            all.disabled |= settings.disabled;
            all.policy = settings.policy.or(all.policy);
            all.removed_prefix = settings.removed_prefix.or(all.removed_prefix);
        }
        all
    }

    fn of_filter(levels: &[Node<'a>], name: &str) -> Self {
        let mut settings = Self::default();
        for level in levels {
            settings.add(level.get("typed_per_filter_config").entry(name));
        }
        settings
    }

    fn add(&mut self, configuration: Node<'a>) {
        if !configuration.is_present() {
            return;
        }
        let (disabled, configuration) = unwrap(configuration);
        self.disabled = disabled || configuration.get("disabled").is_true();
        let extensions = configuration
            .get("check_settings")
            .get("context_extensions");
        self.policy = extensions.entry("policy").text().or(self.policy);
        self.removed_prefix = extensions
            .entry("removed_prefix")
            .text()
            .or(self.removed_prefix);
    }
}

/// Whether a wrapper disables the filter, and the settings inside the wrapper.
fn unwrap(configuration: Node<'_>) -> (bool, Node<'_>) {
    match configuration.typed() {
        (FILTER_CONFIG, wrapper) => (
            wrapper.get("disabled").is_true(),
            wrapper.get("config").typed().1,
        ),
        (_, plain) => (false, plain),
    }
}

/// Finds settings at one level that Envoy ignores or applies to another filter.
pub(super) fn check(place: &Place, level: Node<'_>, names: &[&str], findings: &mut Vec<Finding>) {
    for (key, configuration) in level.get("typed_per_filter_config").entries() {
        let found = match inner_type(configuration) {
            PER_ROUTE | FILTER_CONFIG if names.contains(&key) => continue,
            "" => "has no @type".to_owned(),
            PER_ROUTE => format!("is for ext_authz, which is called {}", names.join(" or ")),
            _ if key == USUAL_NAME && !names.contains(&key) => {
                format!(
                    "names no filter; ext_authz is called {}",
                    names.join(" or ")
                )
            }
            other if names.contains(&key) => {
                format!("has the type {other}, which is not ext_authz's")
            }
            _ => continue,
        };
        findings.push(place.finding(
            Code::PerFilterConfigUnknown,
            format!("typed_per_filter_config.{key}"),
            found,
        ));
    }
}

fn inner_type(configuration: Node<'_>) -> &str {
    match configuration.typed() {
        (FILTER_CONFIG, wrapper) if wrapper.get("config").is_present() => {
            wrapper.get("config").typed().0
        }
        (type_name, _) => type_name,
    }
}
