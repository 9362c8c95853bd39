//! Shows the progress of a run on a terminal.

use std::io::{Write, stderr};
use std::time::Duration;

use portcullis_conformance::{Progress, Report};

const REDRAW: Duration = Duration::from_millis(200);

/// Waits for `run` and shows its progress.
pub(super) async fn shown(
    progress: &Progress,
    run: impl Future<Output = anyhow::Result<Report>>,
) -> anyhow::Result<Report> {
    let mut run = std::pin::pin!(run);
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        tokio::select! {
            report = &mut run => {
                draw("");
                return report;
            }
            _ = redraw.tick() => {
                let (group, sent, cases) = progress.now();
                draw(&format!("{group}: {sent} of {cases}"));
            }
        }
    }
}

/// Overwrites the previous line. Errors are ignored, because nothing depends on it.
fn draw(line: &str) {
    let _written = write!(stderr(), "\r\x1b[2K{line}");
    let _flushed = stderr().flush();
}
