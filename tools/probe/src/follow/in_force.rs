//! Finds out which policies each authz server has in force.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::http::{LONGEST_ANSWER, Request, ask};
use crate::target::Target;

const TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum number of queried addresses, so that no DNS response makes a round endless.
const MOST_ADDRESSES: usize = 64;
/// Maximum number of policy names in one line of the log.
const MOST_NAMES: usize = 10;

/// The reasons why `policies` are not in force everywhere, one for each address. Empty if they
/// are.
pub(super) fn missing(authz: &Target, policies: &BTreeSet<String>) -> Vec<String> {
    let mut addresses = match authz.addresses() {
        Ok(addresses) => addresses,
        Err(error) => return vec![format!("{} has no address: {error}", authz.authority)],
    };
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(MOST_ADDRESSES);
    let missing = addresses
        .into_iter()
        .filter_map(|address| match missing_at(address, policies) {
            Ok(missing) if missing.is_empty() => None,
            Ok(missing) => Some(format!("{address} lacks {}", listed(&missing))),
            Err(error) => Some(format!("{address} does not say which it has: {error:#}")),
        });
    missing.collect()
}

/// The policies that are not in force in the authz server at `address`.
fn missing_at(address: SocketAddr, policies: &BTreeSet<String>) -> anyhow::Result<Vec<&str>> {
    let authority = address.to_string();
    let request = Request {
        method: "GET",
        authority: &authority,
        path: "/metrics",
        headers: "",
    };
    let answer = ask(address, &request, TIMEOUT).context("/metrics")?;
    ensure!(answer.status == 200, "/metrics: answered {}", answer.status);
    let whole = (answer.text.len() as u64) < LONGEST_ANSWER;
    ensure!(whole, "/metrics: longer than {LONGEST_ANSWER} bytes");
    let in_force: HashSet<&str> = answer.text.lines().filter_map(policy_in_force).collect();
    let names = policies.iter().map(String::as_str);
    Ok(names.filter(|name| !in_force.contains(name)).collect())
}

/// The policy in force that a line of `/metrics` names.
fn policy_in_force(line: &str) -> Option<&str> {
    line.strip_prefix("portcullis_policy_in_force{policy=\"")?
        .strip_suffix("\"} 1")
}

fn listed(names: &[&str]) -> String {
    let shown = names.get(..MOST_NAMES).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
