//! Follows the policy files while they change: a good set replaces the old one whole, a bad one changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_token::unix_now;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::policy_source::PolicyText;
use crate::routes::{RouteSettings, Routes};

/// Reading a few kilobytes a second costs nothing, and notices what file notifications miss: links that Kubernetes swaps
/// above the file, network file systems, editors that replace files.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is needed to follow a policy source.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) gate: Arc<Gate>,
    pub(crate) path: PathBuf,
    pub(crate) settings: RouteSettings,
    pub(crate) metrics: Metrics,
    pub(crate) policies: PoliciesInForce,
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
        let state = PolicyState { version: text.version(), since: unix_now(), refused: None, begun: 0, ended: 0 };
        Self { state: Arc::new(watch::Sender::new(state)), look: Arc::default() }
    }

    pub(crate) fn state(&self) -> PolicyState {
        self.state.borrow().clone()
    }

    /// Has the files looked at now, and waits for what comes of it.
    pub(crate) async fn look_now(&self) -> PolicyState {
        let mut state = self.state.subscribe();
        let begun = state.borrow_and_update().begun;
        self.look.notify_one();
        // One that is on its way may have read the files before they changed; the one after it has not.
        match state.wait_for(|state| state.ended > begun).await {
            Ok(state) => state.clone(),
            Err(_) => self.state(),
        }
    }

    fn looks(&self) {
        self.state.send_modify(|state| state.begun += 1);
    }

    fn looked(&self, change: impl FnOnce(&mut PolicyState)) {
        self.state.send_modify(|state| {
            state.ended = state.begun;
            change(state);
        });
    }
}

impl Reload {
    /// Never ends. `current` is what the gate's routes were made from.
    pub(crate) async fn follow(self, mut current: PolicyText) {
        let mut refused: Option<Result<PolicyText, String>> = None;
        loop {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = self.policies.look.notified() => {}
            }
            self.policies.looks();
            let read = PolicyText::read([self.path.as_path()]).map_err(|problems| problems.to_string());
            if read.as_ref() == Ok(&current) {
                self.metrics.policies_agree();
                self.policies.looked(|state| state.refused = None);
                refused = None;
                continue;
            }
            // What was refused once is refused still; saying so every second would only fill the log.
            if refused.as_ref() == Some(&read) {
                self.policies.looked(|_| {});
                continue;
            }
            match self.replace(&read).await {
                Ok(text) => (current, refused) = (text, None),
                Err(cause) => {
                    tracing::error!(policy = %self.path.display(), cause, "policies are not replaced; the last good ones stay in force");
                    self.metrics.reloaded(false);
                    self.policies.looked(|state| state.refused = Some(cause));
                    refused = Some(read);
                }
            }
        }
    }

    async fn replace(&self, read: &Result<PolicyText, String>) -> Result<PolicyText, String> {
        let text = read.clone()?;
        let policies = text.compile().map_err(|problems| problems.to_string())?;
        let routes = Routes::ready(&policies, &self.settings, Some(&self.gate.routes())).await;
        let routes = routes.map_err(|error| format!("{error:#}"))?;
        self.gate.replace_routes(routes);
        self.metrics.reloaded(true);
        let version = text.version();
        tracing::info!(policy = %self.path.display(), version, policies = policies.policies().count(), "policies replaced");
        self.policies.looked(|state| {
            (state.version, state.since, state.refused) = (version, unix_now(), None);
        });
        Ok(text)
    }
}
