//! The program `portcullis-conformance`: tests a gateway from the client's and the service's side.

mod program;

use std::process::ExitCode;

use program::{Command, CommandLine, echo, reference, run};

fn main() -> ExitCode {
    match portcullis_runtime::parse("portcullis-conformance") {
        Ok(CommandLine {
            command: Command::Run(arguments),
        }) => run(&arguments),
        Ok(CommandLine {
            command: Command::Echo(arguments),
        }) => echo(&arguments),
        Ok(CommandLine {
            command: Command::Reference,
        }) => reference(),
        Err(code) => code,
    }
}
