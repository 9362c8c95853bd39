use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::bail;

/// Ports below the range that Linux takes for outgoing connections (`ip_local_port_range`), so
/// that no connection can take a port between its choice and its use.
const FREE_RANGE: std::ops::Range<u16> = 10_000..30_000;

/// How ports are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortChoice {
    /// The ports that the documentation names, if they are free.
    UsualIfFree,
    /// Any free ports, so that several stacks can run at once.
    AnyFree,
}

impl PortChoice {
    /// Picks a free port of the loopback address that this process has not given out before.
    pub fn pick(self, usual: u16) -> anyhow::Result<u16> {
        static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        let given = given.get_or_insert_default();
        // Several test processes may search at once, so each starts at another port.
        let offset =
            u16::try_from(std::process::id() % u32::from(FREE_RANGE.end - FREE_RANGE.start))?;
        let start = FREE_RANGE.start + offset;
        let usual = (self == Self::UsualIfFree).then_some(usual);
        for port in usual
            .into_iter()
            .chain(start..FREE_RANGE.end)
            .chain(FREE_RANGE.start..start)
        {
            if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
                given.insert(port);
                return Ok(port);
            }
        }
        bail!(
            "no port between {} and {} is free on 127.0.0.1",
            FREE_RANGE.start,
            FREE_RANGE.end
        )
    }
}
