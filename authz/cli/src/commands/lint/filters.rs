//! Checks the HTTP filters: ext_authz, and the filters before and behind it.

use super::code::Code;
use super::finding::{Finding, Place};
use super::listed;
use super::listed::filters::{BEHIND_FILTER, EXT_AUTHZ_TYPE, FRONT_FILTER};
use super::logs;
use super::manager::Manager;
use super::node::Node;

/// An HTTP filter of a manager.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    pub(super) node: Node<'a>,
    type_name: &'a str,
    pub(super) configuration: Node<'a>,
}

impl Filter<'_> {
    fn is_authorization(&self) -> bool {
        self.type_name == EXT_AUTHZ_TYPE
    }

    /// The filter's place, below that of its manager.
    pub(super) fn place(&self, manager: &Place) -> Place {
        Place::new(
            &manager.file,
            format!("{}, filter {}", manager.part, self.name),
        )
    }
}

/// Every ext_authz filter of `manager`.
pub(super) fn authorization<'a>(manager: &Manager<'a>) -> impl Iterator<Item = Filter<'a>> {
    filters(manager).filter(Filter::is_authorization)
}

fn filters<'a>(manager: &Manager<'a>) -> impl Iterator<Item = Filter<'a>> {
    manager.node.get("http_filters").items().map(|node| {
        let (type_name, configuration) = node.get("typed_config").typed();
        Filter {
            name: node.get("name").text().unwrap_or_default(),
            node,
            type_name,
            configuration,
        }
    })
}

/// Checks that a filter calls the authz server, and that every filter is allowed at its position.
///
/// A manager without a route to a service (`serves` is false) needs no ext_authz, but its filters
/// may still answer requests or call services.
pub(super) fn check(manager: &Manager<'_>, serves: bool, findings: &mut Vec<Finding>) {
    let has_ext_authz = authorization(manager).next().is_some();
    if serves && !has_ext_authz {
        let found = "has no filter of the type ext_authz.v3.ExtAuthz";
        findings.push(
            manager
                .place
                .finding(Code::AuthorizationMissing, "http_filters", found),
        );
    }
    let mut message = if has_ext_authz {
        &FRONT_FILTER
    } else {
        &BEHIND_FILTER
    };
    for filter in filters(manager) {
        let place = filter.place(&manager.place);
        listed::check(&place, "", message, filter.node, findings);
        logs::check(&place, filter.configuration, "upstream_log", findings);
        if filter.is_authorization() {
            message = &BEHIND_FILTER;
        }
    }
}
