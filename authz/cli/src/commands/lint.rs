//! `portcullis lint`: finds ways round the gateway in Envoy's configuration.
//!
//! ```text
//! files ─ source ─▶ documents ─ gateway ─▶ bootstrap, listeners, managers, route tables, clusters
//!                                             │ listed: is the field or extension allowed here?
//!                                             │ routes, paths, headers, early, …: is it safe?
//!                                             ▼
//!                                          findings
//! ```
//!
//! The list of allowed fields and extensions (`listed`) directs a walk through Envoy's messages.
//! Lint reports each field and extension that is not on the list, so it never passes a setting for
//! which it has no rule. It does not check for errors that Envoy itself reports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use portcullis_policy::{PolicyErrors, YamlError};
use portcullis_runtime::OutputFormat;

use self::code::Code;
use self::finding::{Finding, Place};
use self::gateway::Gateway;
use self::listed::managers::HTTP_CONNECTION_MANAGER;
use self::manager::Manager;
use self::node::Node;
use self::routes::Policies;
use self::source::Document;
use portcullis_server::PolicyText;

mod authorization;
mod bootstrap;
mod code;
mod early;
mod edges;
mod filters;
mod finding;
mod gateway;
mod headers;
mod listed;
mod logs;
mod manager;
mod node;
mod paths;
mod patterns;
mod per_filter;
mod removed;
mod rewrite;
mod route_table;
mod routes;
mod source;
mod string_matcher;

/// Arguments of `portcullis lint`.
#[derive(Clone, Debug, clap::Args)]
pub struct LintArguments {
    /// Folder of Envoy's files (bootstrap, listeners, routes and clusters), or one file with all
    /// of them.
    #[arg(long, value_name = "DIR")]
    envoy: PathBuf,
    /// File, or folder of files, of the policy documents that the routes name.
    #[arg(long, env = "POLICY_FILE", value_name = "FILE")]
    policy: PathBuf,
    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
    /// Code of findings to ignore (repeatable).
    #[arg(long, value_name = "CODE", hide_possible_values = true)]
    allow: Vec<Code>,
}

/// Prints the findings. Exit code 0: none; 1: some.
#[must_use]
pub fn lint(arguments: &LintArguments) -> ExitCode {
    let mut findings = findings(&arguments.envoy, &arguments.policy);
    findings.retain(|finding| !arguments.allow.contains(&finding.code));
    let text = match arguments.format {
        OutputFormat::Text if findings.is_empty() => "no findings\n".to_owned(),
        OutputFormat::Text => lines(&findings),
        OutputFormat::Json => format!(
            "{}\n",
            findings
                .iter()
                .map(Finding::to_json)
                .collect::<serde_json::Value>()
        ),
    };
    portcullis_runtime::print(&text);
    if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A line for each finding. The danger and the fix follow the first finding of each code.
fn lines(findings: &BTreeSet<Finding>) -> String {
    let mut explained = BTreeSet::new();
    let lines = findings.iter().map(|finding| {
        let code = finding.code;
        let explanation = format!("  danger: {}\n  fix: {}\n", code.danger(), code.fix());
        format!(
            "{finding}\n{}",
            if explained.insert(code) {
                explanation
            } else {
                String::new()
            }
        )
    });
    lines.collect()
}

/// All findings, sorted by place.
fn findings(envoy: &Path, policy: &Path) -> BTreeSet<Finding> {
    let mut findings = Vec::new();
    let documents = source::read(envoy, &mut findings);
    let policies = policies(policy, &mut findings);
    check_documents(
        &envoy.display().to_string(),
        &documents,
        policies.as_ref(),
        &mut findings,
    );
    findings.into_iter().collect()
}

/// Adds the findings in the documents of `source`.
fn check_documents(
    source: &str,
    documents: &[Document],
    policies: Option<&Policies>,
    findings: &mut Vec<Finding>,
) {
    let gateway = Gateway::of(documents, findings);
    if gateway.managers.is_empty() {
        let found = "has no HttpConnectionManager";
        findings.push(Place::new(source, "").finding(Code::ListenerMissing, "", found));
    }
    routes::check(&gateway, policies, findings);
    for table in &gateway.tables {
        table.check_list(findings);
        table
            .levels()
            .iter()
            .for_each(|(place, level)| headers::check_level(place, *level, findings));
        for route in table.routes(&gateway) {
            paths::check_route(&route, findings);
            headers::check_upgrades(
                &route.place,
                route.node.get("route"),
                "route.upgrade_configs",
                findings,
            );
        }
    }
    for manager in &gateway.managers {
        let serves = gateway.serves(manager);
        filters::check(manager, serves, findings);
        if serves {
            check(manager, findings);
        }
    }
    let parts: [(&[(Place, Node<'_>)], CheckPart); 3] = [
        (&gateway.bootstraps, bootstrap::check),
        (&gateway.listeners, edges::check_listener),
        (&gateway.clusters, edges::check_cluster),
    ];
    for (parts, check_part) in parts {
        for (place, part) in parts {
            check_part(place, *part, findings);
        }
    }
}

type CheckPart = fn(&Place, Node<'_>, &mut Vec<Finding>);

fn policies(path: &Path, findings: &mut Vec<Finding>) -> Option<Policies> {
    match PolicyText::read([path]).and_then(|text| text.compile()) {
        Ok(set) => Some(Policies::of(path.display().to_string(), &set)),
        Err(PolicyErrors(errors)) => {
            findings.extend(errors.into_iter().map(|error| {
                let found = YamlError {
                    place: error.place,
                    problem: error.problem,
                }
                .to_string();
                let place = Place::new(error.source, error.document.unwrap_or_default());
                place.finding(Code::PolicyUnusable, error.path.unwrap_or_default(), found)
            }));
            None
        }
    }
}

fn check(manager: &Manager<'_>, findings: &mut Vec<Finding>) {
    listed::check(
        &manager.place,
        "",
        &HTTP_CONNECTION_MANAGER,
        manager.node,
        findings,
    );
    for field in ["access_log", "tracing"] {
        logs::check(&manager.place, manager.node, field, findings);
    }
    paths::check_manager(manager, findings);
    headers::check_manager(manager, findings);
    for filter in filters::authorization(manager) {
        authorization::check(&manager.place, &filter, findings);
    }
}

#[cfg(test)]
mod tests;
