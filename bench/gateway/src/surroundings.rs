//! The machine, and its load by other processes during the session.

use std::time::Duration;

use serde::Serialize;

use crate::cpu::CpuClock;

/// Ticks of `/proc/stat` per second, on every Linux that Envoy is built for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Surroundings {
    /// The processor's name.
    pub processor: String,
    /// Number of processors.
    pub processors: usize,
    /// The part of all processor time that other processes took, from 0 to 1.
    pub others: f64,
}

/// Measures the processor time of other processes.
#[derive(Debug)]
pub(crate) struct Watch {
    own: Vec<CpuClock>,
    own_before: Duration,
    before: Ticks,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    busy: f64,
    all: f64,
}

impl Watch {
    pub(crate) fn start(own: Vec<CpuClock>) -> anyhow::Result<Self> {
        Ok(Self {
            own_before: sum(&own)?,
            own,
            before: Ticks::read()?,
        })
    }

    pub(crate) fn end(self) -> anyhow::Result<Surroundings> {
        let now = Ticks::read()?;
        let own = sum(&self.own)?.saturating_sub(self.own_before);
        let busy = now.busy - self.before.busy - own.as_secs_f64() * TICKS_PER_SECOND;
        Ok(Surroundings {
            processor: processor(),
            processors: std::thread::available_parallelism()?.get(),
            others: (busy / (now.all - self.before.all).max(1.0)).max(0.0),
        })
    }
}

fn sum(clocks: &[CpuClock]) -> anyhow::Result<Duration> {
    clocks.iter().map(|clock| clock.read()).sum()
}

impl Ticks {
    fn read() -> anyhow::Result<Self> {
        Ok(Self::parse(&std::fs::read_to_string("/proc/stat")?))
    }

    /// Parses the first line (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal.
    /// The time of guests is in user.
    fn parse(text: &str) -> Self {
        let fields = text
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1)
            .take(8);
        let fields: Vec<f64> = fields.map(|field| field.parse().unwrap_or(0.0)).collect();
        let idle: f64 = fields.iter().skip(3).take(2).sum();
        let all: f64 = fields.iter().sum();
        Self {
            busy: all - idle,
            all,
        }
    }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown", |line| line.trim_start_matches(['\t', ':', ' ']))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::Ticks;

    #[test]
    fn ticks_exclude_idle_and_waiting_time() {
        let ticks = Ticks::parse("cpu  1 2 3 40 50 6 7 8 900 900\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
        assert_eq!(
            ticks,
            Ticks {
                busy: 27.0,
                all: 117.0
            }
        );
        assert_eq!(
            Ticks::parse(""),
            Ticks {
                busy: 0.0,
                all: 0.0
            }
        );
    }
}
