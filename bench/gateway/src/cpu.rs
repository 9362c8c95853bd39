//! Reads the processor time of a process.

use std::time::Duration;

use anyhow::Context;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The clock of a process's processor time, all threads together, in nanoseconds.
///
/// `/proc/PID/stat` counts ticks of 10 ms, a fifth of Envoy's time in a slice at one connection.
/// `/proc/PID/schedstat` counts only one thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuClock(ClockId);

impl CpuClock {
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let clock = clock_getcpuclockid(Pid::from_raw(process.try_into()?));
        Ok(Self(clock.with_context(|| {
            format!("the processor time of process {process}")
        })?))
    }

    pub(crate) fn read(self) -> anyhow::Result<Duration> {
        Ok(clock_gettime(self.0)
            .context("reading the processor time of a process")?
            .into())
    }
}

#[cfg(test)]
mod tests {
    use super::CpuClock;

    #[test]
    fn clock_counts_the_time_of_its_process() {
        let clock = CpuClock::of(std::process::id()).unwrap();
        let before = clock.read().unwrap();
        let sum: u64 = std::hint::black_box(0..3_000_000_u64)
            .map(std::hint::black_box)
            .sum();
        assert!(sum > 0 && clock.read().unwrap() > before);
    }
}
