//! Follows the policy files while they change: a good set replaces the old one whole, a bad one changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::policy_source::PolicyText;
use crate::routes::{RouteSettings, Routes};

/// Reading a few kilobytes a second costs nothing, and notices what file notifications miss: links that Kubernetes swaps
/// above the file, network file systems, editors that replace files.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is needed to follow a policy source.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) gate: Arc<Gate>,
    pub(crate) path: PathBuf,
    pub(crate) settings: RouteSettings,
    pub(crate) metrics: Metrics,
}

impl Reload {
    /// Never ends. `current` is what the gate's routes were made from.
    pub(crate) async fn follow(self, mut current: PolicyText) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut refused: Option<Result<PolicyText, String>> = None;
        loop {
            ticks.tick().await;
            let read = PolicyText::read([self.path.as_path()]).map_err(|problems| problems.to_string());
            if read.as_ref() == Ok(&current) {
                self.metrics.policies_agree();
                refused = None;
                continue;
            }
            // What was refused once is refused still; saying so every second would only fill the log.
            if refused.as_ref() == Some(&read) {
                continue;
            }
            match self.replace(&read).await {
                Ok(text) => (current, refused) = (text, None),
                Err(cause) => {
                    tracing::error!(policy = %self.path.display(), cause, "policies are not replaced; the last good ones stay in force");
                    self.metrics.reloaded(false);
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
        tracing::info!(policy = %self.path.display(), policies = policies.policies().count(), "policies replaced");
        Ok(text)
    }
}
