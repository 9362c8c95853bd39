//! The task-api program: serves until SIGTERM.

use std::process::ExitCode;

use task_api::Settings;

/// The C library's allocator makes a list of tasks an eighth slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portcullis_runtime::run::<Settings, _, _>("task-api", task_api::serve)
}
