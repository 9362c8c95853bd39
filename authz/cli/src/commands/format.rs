/// Output format of results.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// Lines, for people.
    Text,
    /// A JSON array of objects, for programs.
    Json,
}
