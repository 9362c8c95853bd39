//! Checks which policy each route names.

use std::collections::BTreeSet;

use portcullis_policy::{PolicySet, did_you_mean};

use super::code::Code;
use super::finding::{Finding, Place};
use super::gateway::Gateway;
use super::per_filter::{self, Settings};
use super::rewrite::{self, Rewrite};
use super::route_table::{Route, RouteTable};

const EXTENSIONS: &str = "typed_per_filter_config.check_settings.context_extensions";

/// The names of the policies.
#[derive(Clone, Debug)]
pub(super) struct Policies {
    /// The file or folder that they were read from.
    file: String,
    names: Vec<String>,
}

impl Policies {
    pub(super) fn of(file: String, set: &PolicySet) -> Self {
        Self {
            file,
            names: set.policies().map(|policy| policy.name.clone()).collect(),
        }
    }
}

/// Checks every route. Without `policies`, checks only whether each route names a policy.
pub(super) fn check(
    gateway: &Gateway<'_>,
    policies: Option<&Policies>,
    findings: &mut Vec<Finding>,
) {
    let mut used = BTreeSet::new();
    for table in &gateway.tables {
        let names = gateway.authorization_names(table);
        for (place, level) in table.levels() {
            per_filter::check(&place, level, &names, findings);
        }
        for route in table.routes(gateway) {
            let settings = Settings::of(&route.levels, &names);
            check_policy(&route, &settings, policies, findings);
            check_rewrite(&route, &settings, findings);
            check_host(&route, findings);
            used.extend(settings.policy.filter(|_| !settings.disabled));
        }
    }
    check_elsewhere(gateway, findings);
    if let Some(Policies { file, names }) = policies.filter(|_| !gateway.has_routes_elsewhere()) {
        let unused = names.iter().filter(|name| !used.contains(name.as_str()));
        findings.extend(unused.map(|name| {
            let place = Place::new(file.as_str(), format!("RoutePolicy {name}"));
            place.finding(
                Code::PolicyWithoutRoute,
                "metadata.name",
                "has no route that names it and leads to a service",
            )
        }));
    }
}

fn check_policy(
    route: &Route<'_>,
    settings: &Settings<'_>,
    policies: Option<&Policies>,
    findings: &mut Vec<Finding>,
) {
    let mut find =
        |code, field: &str, found: String| findings.push(route.place.finding(code, field, found));
    if let Some(header) = route.cluster_header {
        find(
            Code::ClusterChosenByClient,
            "route.cluster_header",
            format!("is {header:?}"),
        );
    }
    if settings.disabled {
        return find(
            Code::AuthorizationDisabled,
            "typed_per_filter_config.disabled",
            "is true".to_owned(),
        );
    }
    let Some(policy) = settings.policy else {
        return find(
            Code::RouteWithoutPolicy,
            &format!("{EXTENSIONS}.policy"),
            "is missing".to_owned(),
        );
    };
    let Some(Policies { names, .. }) = policies else {
        return;
    };
    if !names.iter().any(|name| name == policy) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = format!(
            "is {policy:?}, but no RoutePolicy has this name{}",
            did_you_mean(policy, &names)
        );
        find(Code::PolicyUnknown, &format!("{EXTENSIONS}.policy"), found);
    }
}

/// Finds a `host_rewrite` with a command operator, which takes the host from the request.
fn check_host(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let host = route.node.get("route").get("host_rewrite");
    if host.text().is_some_and(|format| format.contains('%')) {
        findings.push(route.place.finding(
            Code::HostChosenByClient,
            "route.host_rewrite",
            host.describe(),
        ));
    }
}

fn check_rewrite(route: &Route<'_>, settings: &Settings<'_>, findings: &mut Vec<Finding>) {
    let mut find =
        |code, field: &str, found: String| findings.push(route.place.finding(code, field, found));
    if let Some(pattern) = rewrite::unanchored_pattern(route.node) {
        find(
            Code::RewriteNotAnchored,
            "route.regex_rewrite.pattern.regex",
            format!("is {pattern:?}"),
        );
    }
    // Without a policy no assertion is signed, and there is a finding already.
    if settings.disabled || settings.policy.is_none() {
        return;
    }
    let removed = settings.removed_prefix.unwrap_or_default();
    let written = if removed.is_empty() {
        "is missing".to_owned()
    } else {
        format!("is {removed:?}")
    };
    let cut = match rewrite::of(route.node) {
        Rewrite::Removes(prefix) if prefix == removed => return,
        Rewrite::Unknown if !removed.is_empty() => {
            let example = rewrite::counterexample(route.node, removed);
            if let Some((path, rewritten)) = example {
                let found = format!("rewrites {path:?} to {rewritten:?}");
                find(Code::RewriteNotSignable, "route.regex_rewrite", found);
            }
            return;
        }
        Rewrite::Removes(prefix) if prefix.is_empty() => "nothing".to_owned(),
        Rewrite::Removes(prefix) => format!("{prefix:?}"),
        Rewrite::Unknown => "something".to_owned(),
        Rewrite::Replaces { matched, written } => {
            let found = format!("rewrites {matched:?} to {written:?}");
            return find(Code::RewriteNotSignable, "route", found);
        }
    };
    let found = format!("{written}, but the route removes {cut} from the path");
    find(
        Code::RemovedPrefixWrong,
        &format!("{EXTENSIONS}.removed_prefix"),
        found,
    );
}

fn check_elsewhere(gateway: &Gateway<'_>, findings: &mut Vec<Finding>) {
    for manager in &gateway.managers {
        let absent = manager.absent_tables(gateway).into_iter();
        findings.extend(absent.map(|name| {
            manager.place.finding(
                Code::RoutesElsewhere,
                "route_config_name",
                format!("is {name:?}, but no file has it"),
            )
        }));
    }
    let more_elsewhere = gateway
        .tables
        .iter()
        .filter(|table| table.has_more_elsewhere());
    findings
        .extend(more_elsewhere.map(|RouteTable { place, .. }| {
            place.finding(Code::RoutesElsewhere, "vhds", "is set")
        }));
}
