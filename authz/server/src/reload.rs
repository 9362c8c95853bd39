//! Follows the policy files while they change: a good set replaces the old one whole, a bad one
//! changes nothing.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_token::unix_now;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::policy_source::PolicyText;
use crate::policy_store::PolicyStore;
use crate::routes::{RouteSettings, Routes};

/// Reading a few kilobytes a second costs nothing, and notices what file notifications miss: links
/// that Kubernetes swaps above the file, network file systems, editors that replace files.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is needed to follow a policy source.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) gate: Arc<Gate>,
    pub(crate) path: PathBuf,
    /// Where the last good policies are kept.
    pub(crate) store: Option<PolicyStore>,
    pub(crate) settings: RouteSettings,
    pub(crate) metrics: Metrics,
    pub(crate) policies: PoliciesInForce,
    /// How long a policy that a new set has no more still decides.
    pub(crate) removed_policy_grace: Duration,
}

/// Which policies are in force, and a way to have the files looked at now.
#[derive(Clone, Debug)]
pub(crate) struct PoliciesInForce {
    state: Arc<watch::Sender<PolicyState>>,
    look: Arc<Notify>,
}

/// Which policies are in force, and why the files are not, where they are not.
#[derive(Clone, Debug)]
pub(crate) struct PolicyState {
    /// A hash of the documents' text.
    pub(crate) version: String,
    /// Since when, in seconds since 1970.
    pub(crate) since: u64,
    /// Why what the files hold now is not in force.
    pub(crate) refused: Option<String>,
    /// How many looks at the files have begun, and which was the last that ended.
    begun: u64,
    ended: u64,
}

impl PoliciesInForce {
    pub(crate) fn new(text: &PolicyText) -> Self {
        let state = PolicyState {
            version: text.version(),
            since: unix_now(),
            refused: None,
            begun: 0,
            ended: 0,
        };
        Self {
            state: Arc::new(watch::Sender::new(state)),
            look: Arc::default(),
        }
    }

    pub(crate) fn state(&self) -> PolicyState {
        self.state.borrow().clone()
    }

    /// Has the files looked at now, and waits for what comes of it.
    pub(crate) async fn look_now(&self) -> PolicyState {
        let mut state = self.state.subscribe();
        let begun = state.borrow_and_update().begun;
        self.look.notify_one();
        // One that is on its way may have read the files before they changed; the one after it has
        // not.
        match state.wait_for(|state| state.ended > begun).await {
            Ok(state) => state.clone(),
            Err(_) => self.state(),
        }
    }

    fn looks(&self) {
        self.state.send_modify(|state| state.begun += 1);
    }

    fn replaced(&self, version: String) {
        self.state
            .send_modify(|state| (state.version, state.since) = (version, unix_now()));
    }

    fn looked(&self, refused: Option<String>) {
        self.state
            .send_modify(|state| (state.ended, state.refused) = (state.begun, refused));
    }
}

/// What the files held when they were last looked at.
#[derive(Debug)]
struct Seen {
    in_force: PolicyText,
    /// A text that does not compile, and why. It never will, so it is not tried every second.
    refused: Option<(PolicyText, String)>,
    /// Why the last look put nothing in force; the log has said it.
    cause: Option<String>,
}

impl Reload {
    /// Never ends. `in_force` is what the gate's routes were made from.
    pub(crate) async fn follow(self, in_force: PolicyText) {
        let mut seen = Seen {
            in_force,
            refused: None,
            cause: None,
        };
        loop {
            let asked = tokio::select! {
                () = sleep(LOOK_EVERY) => false,
                () = self.policies.look.notified() => true,
            };
            self.policies.looks();
            let outcome = self.look(&mut seen, asked);
            self.note(&mut seen, outcome);
        }
    }

    /// Puts in force what the files hold, if it can be used. Issuers are not waited for: a deny
    /// list counts at once, and a token whose issuer has no keys is answered with 503 by itself.
    ///
    /// Only a text that does not compile is final. Files that cannot be read, and whatever else may
    /// pass, are tried again with the next look. If `asked` for, everything is tried.
    fn look(&self, seen: &mut Seen, asked: bool) -> Result<(), String> {
        let text =
            PolicyText::read([self.path.as_path()]).map_err(|problems| problems.to_string())?;
        if text == seen.in_force {
            return Ok(());
        }
        if let Some((refused, cause)) = &seen.refused
            && *refused == text
            && !asked
        {
            return Err(cause.clone());
        }
        let policies = text.compile().map_err(|problems| {
            let cause = problems.to_string();
            seen.refused = Some((text.clone(), cause.clone()));
            cause
        })?;
        let routes =
            Routes::start(&policies, &self.settings).map_err(|error| format!("{error:#}"))?;
        let before = self.gate.routes();
        self.replace(
            routes.keep_removed(&before, &policies, unix_now(), self.removed_policy_grace),
            &text,
        );
        seen.in_force = text;
        Ok(())
    }

    fn replace(&self, routes: Routes, text: &PolicyText) {
        let version = text.version();
        let removed: Vec<&str> = routes
            .removed_policies(unix_now())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        tracing::info!(
            policy = %self.path.display(),
            version,
            policies = routes.policy_names().len(),
            removed = removed.join(", "),
            "policies replaced; removed ones still decide for --removed-policy-grace"
        );
        self.gate.replace_routes(routes);
        self.metrics.reloaded(true);
        self.policies.replaced(version);
        if let Some(store) = &self.store {
            store.keep(text);
        }
    }

    /// Says what came of a look, in the log only if it differs from what the last one came to.
    fn note(&self, seen: &mut Seen, outcome: Result<(), String>) {
        let cause = outcome.err();
        match &cause {
            Some(cause) if seen.cause.as_ref() != Some(cause) => {
                tracing::error!(
                    policy = %self.path.display(),
                    cause,
                    "policies are not replaced; the last good ones stay in force"
                );
                self.metrics.reloaded(false);
            }
            Some(_) => {}
            None => self.metrics.policies_agree(),
        }
        self.policies.looked(cause.clone());
        seen.cause = cause;
    }
}
