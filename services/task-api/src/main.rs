//! The task-api program: settings from flags and environment, then the service until SIGTERM.

use std::process::ExitCode;

use task_api::Settings;

/// The C library's costs a list of tasks an eighth more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portcullis_runtime::run::<Settings, _, _>("task-api", task_api::serve)
}
