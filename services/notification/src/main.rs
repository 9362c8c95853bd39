//! The notification program: settings from flags and environment, then the service until SIGTERM.

use std::process::ExitCode;

use notification::Settings;

fn main() -> ExitCode {
    portcullis_runtime::run::<Settings, _, _>("notification", notification::serve)
}
