//! `portcullis lint`: what in Envoy's configuration opens a way around the gate.
//!
//! ```text
//! files ─ source ─▶ documents ─ gateway ─▶ managers, route tables, clusters ─ routes, paths, headers, filters, authorization, admin ─▶ findings
//! ```
//!
//! Envoy's messages are walked as values, not modelled: what is not looked at cannot go out of date. What Envoy itself refuses is left to it.

use std::collections::BTreeSet;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use portcullis_policy::PolicyProblems;

use self::code::Code;
use self::finding::{Finding, Place};
use self::gateway::Gateway;
use self::manager::Manager;
use self::routes::Policies;
use crate::check::Format;
use crate::policy_source::PolicyText;

mod admin;
mod authorization;
mod code;
mod filters;
mod finding;
mod gateway;
mod headers;
mod manager;
mod node;
mod paths;
mod per_filter;
mod rewrite;
mod route_table;
mod routes;
mod source;
mod string_matcher;

/// Arguments of `portcullis lint`.
#[derive(Clone, Debug, clap::Args)]
pub struct LintArguments {
    /// Folder of Envoy's files: bootstrap, listeners, routes and clusters; or one file that has all.
    #[arg(long, value_name = "DIR")]
    envoy: PathBuf,
    /// File, or folder of files, of the policies that the routes name.
    #[arg(long, env = "POLICY_FILE", value_name = "FILE")]
    policy: PathBuf,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Findings that are meant to be so.
    #[arg(long, value_name = "CODE", hide_possible_values = true)]
    allow: Vec<Code>,
}

/// Prints what was found. Exit code 0: nothing; 1: something.
#[must_use]
pub fn lint(arguments: &LintArguments) -> ExitCode {
    let mut findings = findings(&arguments.envoy, &arguments.policy);
    findings.retain(|finding| !arguments.allow.contains(&finding.code));
    let text = match arguments.format {
        Format::Text if findings.is_empty() => "no findings\n".to_owned(),
        Format::Text => lines(&findings),
        Format::Json => format!("{}\n", findings.iter().map(Finding::to_json).collect::<serde_json::Value>()),
    };
    // A closed pipe does not change the verdict.
    let _written = stdout().write_all(text.as_bytes());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A line for each finding; what it means stands below the first of its kind.
fn lines(findings: &BTreeSet<Finding>) -> String {
    let mut explained = BTreeSet::new();
    let lines = findings.iter().map(|finding| {
        let code = finding.code;
        let explanation = format!("  danger: {}\n  fix: {}\n", code.danger(), code.fix());
        format!("{finding}\n{}", if explained.insert(code) { explanation } else { String::new() })
    });
    lines.collect()
}

/// Everything that is found, by place.
fn findings(envoy: &Path, policy: &Path) -> BTreeSet<Finding> {
    let mut findings = Vec::new();
    let documents = source::read(envoy, &mut findings);
    let gateway = Gateway::of(&documents, &mut findings);
    let policies = policies(policy, &mut findings);
    if gateway.managers.is_empty() {
        let found = "has no HttpConnectionManager";
        findings.push(Place::new(envoy.display().to_string(), "").finding(Code::ListenerMissing, "", found));
    }
    routes::check(&gateway, policies.as_ref(), &mut findings);
    for table in &gateway.tables {
        table.levels().iter().for_each(|(place, level)| headers::check_level(place, *level, &mut findings));
        for route in table.routes(&gateway) {
            paths::check_route(&route, &mut findings);
            headers::check_upgrades(&route.place, route.node.get("route"), "route.upgrade_configs", &mut findings);
        }
    }
    gateway.managers.iter().filter(|manager| gateway.serves(manager)).for_each(|manager| check(manager, &mut findings));
    gateway.admins.iter().for_each(|(place, admin)| admin::check(place, *admin, &mut findings));
    findings.into_iter().collect()
}

fn policies(path: &Path, findings: &mut Vec<Finding>) -> Option<Policies> {
    match PolicyText::read([path]).and_then(|text| text.compile()) {
        Ok(set) => Some(Policies::of(path.display().to_string(), &set)),
        Err(PolicyProblems(problems)) => {
            findings.extend(problems.into_iter().map(|problem| {
                let place = Place::new(problem.source, problem.document.unwrap_or_default());
                place.finding(Code::PolicyUnusable, problem.path.unwrap_or_default(), problem.problem)
            }));
            None
        }
    }
}

fn check(manager: &Manager<'_>, findings: &mut Vec<Finding>) {
    paths::check_manager(manager, findings);
    headers::check_manager(manager, findings);
    filters::check(manager, findings);
    for filter in filters::authorization(manager) {
        authorization::check(&manager.place, &filter, findings);
    }
}

#[cfg(test)]
mod tests;
