use tracing_subscriber::EnvFilter;

use crate::settings::{CommonSettings, LogFormat};

/// Starts logging on standard output. Called once, before anything can fail.
pub(crate) fn start(settings: &CommonSettings) {
    let filter = EnvFilter::builder().parse_lossy(&settings.log);
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    // A second subscriber in one process (tests) keeps the first; nothing is lost but the duplicate.
    let _already_started = match settings.log_format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Pretty => builder.with_target(false).try_init(),
    };
}
