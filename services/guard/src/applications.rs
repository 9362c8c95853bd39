use std::sync::Arc;

/// The applications that may call a service, by client id.
#[derive(Clone, Debug)]
pub struct Applications(pub Arc<[String]>);

/// Which applications may call.
#[derive(Clone, Debug, clap::Args)]
pub struct ApplicationSettings {
    /// Applications that may call, by client id (a token's azp or appid).
    #[arg(long, env = "ALLOWED_APPLICATION_IDS", value_name = "ID,..", value_delimiter = ',', required = true)]
    allowed_applications: Vec<String>,
}

impl ApplicationSettings {
    /// What is wrong with this list.
    #[must_use]
    pub fn contradictions(&self) -> Option<String> {
        let is_wrong = self.allowed_applications.iter().any(|id| id.trim().is_empty());
        let message = "--allowed-applications: names an empty id; give application ids, with commas between them";
        is_wrong.then(|| message.to_owned())
    }

    /// The list, as handlers share it.
    #[must_use]
    pub fn list(self) -> Applications {
        Applications(self.allowed_applications.into())
    }
}
