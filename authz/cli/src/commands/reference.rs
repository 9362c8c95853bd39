//! `portcullis reference`: prints the text of `docs/cli.md`.

use std::process::ExitCode;

use crate::command_line::CommandLine;

/// Prints the reference of all commands, in Markdown.
#[must_use]
pub fn reference() -> ExitCode {
    portcullis_runtime::print(&portcullis_runtime::reference::<CommandLine>());
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::super::schema::schema_text;
    use crate::command_line::CommandLine;

    fn committed(file: &str) -> String {
        let path = format!("{}/../../docs/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn generated_pages_match_the_program() {
        for (file, now) in [
            ("cli.md", portcullis_runtime::reference::<CommandLine>()),
            ("policy.schema.json", schema_text()),
        ] {
            assert!(
                committed(file) == now,
                "docs/{file} is out of date; run: make generate"
            );
        }
    }
}
