mod in_force;
#[cfg(test)]
mod tests;
mod version;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Context;
use signal_hook::consts::SIGTERM;
use signal_hook::flag::register_conditional_shutdown;

use crate::target::Target;
use version::Version;

const EVERY: Duration = Duration::from_secs(1);
const REMIND: Duration = Duration::from_secs(30);

/// The ConfigMap to copy, and the policies that the authz server must have first.
///
/// kubelet updates the routes of the gateway and the policies of the authz server up to 90 s apart.
/// A route that is in force before its policy gets 503 for requests that the policy allows.
#[derive(Debug, clap::Args)]
pub(crate) struct Follow {
    /// Read this folder, a mounted ConfigMap.
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// Write to this folder, which contains nothing else. Envoy reads and watches it.
    #[arg(value_name = "TARGET")]
    target: PathBuf,
    /// Read the names of the routes' policies from this file of SOURCE, one on a line.
    #[arg(long, value_name = "FILE")]
    policies: String,
    /// Query this operations port of the authz server. Every address of HOST must have the policies
    /// in force.
    #[arg(long, value_name = "HOST:PORT")]
    authz: Target,
    /// End after the first copy.
    #[arg(long)]
    once: bool,
    /// With --once, copy after this time even if policies are missing.
    #[arg(long, value_name = "TIME", default_value = "120s",
          value_parser = humantime::parse_duration)]
    at_most: Duration,
}

/// The result of one comparison of SOURCE with TARGET.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// TARGET already has the files of SOURCE.
    Unchanged,
    /// The files were copied, although the authz server lacked `missing`.
    Copied { files: usize, missing: Vec<String> },
    /// Nothing was copied, because the authz server lacks `missing`.
    Waits { missing: Vec<String> },
}

impl Follow {
    /// Copies until SIGTERM. Without `--once` no error ends it, because a restart would not help.
    #[expect(
        clippy::disallowed_methods,
        reason = "no runtime whose worker it could block"
    )]
    pub(crate) fn run(&self, out: &mut impl Write) -> anyhow::Result<()> {
        // PID 1 of a container has no default action, so kubelet would wait and then kill it.
        let always = Arc::new(AtomicBool::new(true));
        register_conditional_shutdown(SIGTERM, 0, always).context("the handler of SIGTERM")?;
        let start = Instant::now();
        let mut in_force = Version::read(&self.target).ok();
        let mut told = Told::default();
        loop {
            let late = self.once && start.elapsed() >= self.at_most;
            match self.step(&mut in_force, late) {
                Err(error) if late => return Err(error),
                Err(error) => told.tell(out, format!("the old files stay: {error:#}"))?,
                Ok(Step::Waits { missing }) => {
                    let missing = missing.join("; ");
                    told.tell(out, format!("the old files stay, because {missing}"))?;
                }
                Ok(step) => {
                    told = Told::default();
                    if let Step::Copied { files, missing } = step {
                        writeln!(out, "{}", copied(files, &missing))?;
                    }
                    if self.once {
                        return Ok(());
                    }
                }
            }
            std::thread::sleep(EVERY);
        }
    }

    /// Copies SOURCE if it differs from TARGET and its policies are in force, or if it is `late`.
    fn step(&self, in_force: &mut Option<Version>, late: bool) -> anyhow::Result<Step> {
        let found = Version::read(&self.source)?;
        if in_force.as_ref() == Some(&found) {
            return Ok(Step::Unchanged);
        }
        let missing = in_force::missing(&self.authz, &found.policies(&self.policies)?);
        if !missing.is_empty() && !late {
            return Ok(Step::Waits { missing });
        }
        found.publish(&self.target)?;
        let files = found.files();
        *in_force = Some(found);
        Ok(Step::Copied { files, missing })
    }
}

fn copied(files: usize, missing: &[String]) -> String {
    if missing.is_empty() {
        return format!("copied {files} files; the authz server has their policies in force");
    }
    let missing = missing.join("; ");
    format!("copied {files} files after the longest wait, although {missing}")
}

/// The last logged reason of a wait. A new reason is logged at once, the same one every 30 s.
#[derive(Debug, Default)]
struct Told(Option<(String, Instant)>);

impl Told {
    fn tell(&mut self, out: &mut impl Write, text: String) -> std::io::Result<()> {
        let is_recent = |(before, at): &(String, Instant)| *before == text && at.elapsed() < REMIND;
        if !self.0.as_ref().is_some_and(is_recent) {
            writeln!(out, "{text}")?;
            self.0 = Some((text, Instant::now()));
        }
        Ok(())
    }
}
