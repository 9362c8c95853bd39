//! The program `dev-entra`: reads flags and environment, and serves until SIGTERM.

use std::process::ExitCode;

use dev_entra::Settings;

fn main() -> ExitCode {
    portcullis_runtime::run::<Settings, _, _>(
        "dev-entra",
        |settings, process, _registry| async move { dev_entra::serve(settings, process).await },
    )
}
