//! The program `portcullis`.

use std::process::ExitCode;

use portcullis_server::{CommandLine, serve};

fn main() -> ExitCode {
    portcullis_runtime::run::<CommandLine, _, _>(
        "portcullis",
        |CommandLine { command }, process, metrics| match command {
            portcullis_server::Command::Serve(settings) => serve(settings, process, metrics),
        },
    )
}
