//! Polls the policy files: a good set replaces the one in force whole, a bad one changes nothing.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_token::unix_now;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::authorizer::Authorizer;
use crate::metrics::Metrics;
use crate::policy_source::PolicyText;
use crate::policy_store::PolicyStore;
use crate::routes::{RouteSettings, Routes};

/// Time between two polls of policies and keys.
///
/// To read a few kilobytes a second costs nothing, and finds what file notifications miss: links
/// that Kubernetes swaps above the file, network file systems, and editors that replace files.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The task that polls the policy files.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) path: PathBuf,
    /// The folder of the last good policies.
    pub(crate) store: Option<PolicyStore>,
    pub(crate) settings: RouteSettings,
    pub(crate) metrics: Metrics,
    pub(crate) policies: PoliciesInForce,
    /// The time for which a removed policy still decides.
    pub(crate) removed_policy_grace: Duration,
}

/// Which policies are in force, and a way to reload the files now.
#[derive(Clone, Debug)]
pub(crate) struct PoliciesInForce {
    state: Arc<watch::Sender<PolicyState>>,
    reload: Arc<Notify>,
}

/// Which policies are in force, and why those of the files are not, if so.
#[derive(Clone, Debug)]
pub(crate) struct PolicyState {
    /// A hash of the policy files.
    pub(crate) version: String,
    /// When they came into force, in seconds since 1970.
    pub(crate) since: u64,
    /// Why the policies in the files are not in force.
    pub(crate) refused: Option<String>,
    /// The number of polls that have begun.
    begun: u64,
    /// The number of the last poll that ended.
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
            reload: Arc::default(),
        }
    }

    pub(crate) fn state(&self) -> PolicyState {
        self.state.borrow().clone()
    }

    /// Reloads the files now, and returns the state afterwards.
    pub(crate) async fn reload_now(&self) -> PolicyState {
        let mut state = self.state.subscribe();
        let begun = state.borrow_and_update().begun;
        self.reload.notify_one();
        // A poll that has begun may have read the files before they changed. The next one reads
        // them afterwards.
        match state.wait_for(|state| state.ended > begun).await {
            Ok(state) => state.clone(),
            Err(_) => self.state(),
        }
    }

    fn begin_poll(&self) {
        self.state.send_modify(|state| state.begun += 1);
    }

    fn replaced(&self, version: String) {
        self.state
            .send_modify(|state| (state.version, state.since) = (version, unix_now()));
    }

    fn end_poll(&self, refused: Option<String>) {
        self.state
            .send_modify(|state| (state.ended, state.refused) = (state.begun, refused));
    }
}

/// The result of the last poll.
#[derive(Debug)]
struct Seen {
    in_force: PolicyText,
    /// Contents that do not compile, and why. They never will, so no poll compiles them again.
    refused: Option<(PolicyText, String)>,
    /// Why the last poll put nothing in force, as the log says already.
    cause: Option<String>,
}

impl Reload {
    /// Polls the files; never ends. The routes in force were made from `in_force`.
    pub(crate) async fn follow(self, in_force: PolicyText) {
        let mut seen = Seen {
            in_force,
            refused: None,
            cause: None,
        };
        loop {
            let reload = tokio::select! {
                () = sleep(POLL_INTERVAL) => false,
                () = self.policies.reload.notified() => true,
            };
            self.policies.begin_poll();
            let outcome = self.poll(&mut seen, reload);
            self.note(&mut seen, outcome);
        }
    }

    /// Puts the policies in the files in force, if they can be used.
    ///
    /// It does not wait for issuers: a deny list counts at once, and only requests whose issuer has
    /// no keys are answered with 503.
    ///
    /// Only contents that do not compile are final. The next poll tries again after all other
    /// errors, such as files that cannot be read. A `reload` tries everything.
    fn poll(&self, seen: &mut Seen, reload: bool) -> Result<(), String> {
        let text =
            PolicyText::read([self.path.as_path()]).map_err(|problems| problems.to_string())?;
        if text == seen.in_force {
            return Ok(());
        }
        if let Some((refused, cause)) = &seen.refused
            && *refused == text
            && !reload
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
        let before = self.authorizer.routes();
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
        self.authorizer.replace_routes(routes);
        self.metrics.reloaded(true);
        self.policies.replaced(version);
        if let Some(store) = &self.store {
            store.keep(text);
        }
    }

    /// Reports the outcome of a poll; logs it only if it differs from the last one.
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
        self.policies.end_poll(cause.clone());
        seen.cause = cause;
    }
}
