use tracing_subscriber::EnvFilter;

use crate::settings::{CommonSettings, LogFormat};

/// Directives that silence repetitive libraries.
///
/// `rustls_platform_verifier` logs each rejected certificate, which the call's error names already.
const REPETITIVE_LIBRARIES: &str = "rustls_platform_verifier=off";

/// Starts logging on standard output. A program calls it once, before anything can fail.
pub(crate) fn start(settings: &CommonSettings) {
    let filter = EnvFilter::builder().parse_lossy(with_defaults(&settings.log));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    // A second call in one process (tests) keeps the first subscriber.
    let _already_started = match settings.log_format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Pretty => builder.with_target(false).try_init(),
    };
}

/// Checks a log filter: a level, or levels of targets.
pub(crate) fn check_filter(filter: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(filter) {
        Ok(_) => Ok(filter.to_owned()),
        Err(_) => Err(
            "is not a level, nor a list of targets and levels as target=level,target=level"
                .to_owned(),
        ),
    }
}

/// Puts the default directives before `filter`, because the last directive of a target counts.
fn with_defaults(filter: &str) -> String {
    format!("{REPETITIVE_LIBRARIES},{filter}")
}
