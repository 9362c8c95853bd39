//! The program `dev-entra`: reads flags and environment, and serves until SIGTERM.

use std::process::ExitCode;

use dev_entra::Settings;
use portcullis_runtime::{Settings as _, parse, print, run_with};

fn main() -> ExitCode {
    if std::env::args_os().any(|argument| argument == "--print-schema") {
        print(&dev_entra::directory_schema());
        return ExitCode::SUCCESS;
    }
    let settings: Settings = match parse("dev-entra") {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    if let Some(text) = settings.client_settings() {
        print(&text);
        return ExitCode::SUCCESS;
    }
    let common = settings.common().clone();
    run_with::<Settings, _, _>("dev-entra", common, |process, _registry| async move {
        dev_entra::serve(settings, process).await
    })
}
