//! The audit program: settings from flags and environment, then the service until SIGTERM.

use std::process::ExitCode;

use audit::Settings;

fn main() -> ExitCode {
    portcullis_runtime::run::<Settings, _, _>("audit", |settings, process, _metrics| audit::serve(settings, process))
}
