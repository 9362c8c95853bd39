use std::time::Duration;

use portcullis_policy::RateLimit;

use super::super::{Admission, LimitKey};
use super::table::{Judged, Table};
use super::window::Moment;

/// Windows that a request drops in passing once they have ended: more than it can add, so that no
/// request has to drop many at once while it holds the lock.
const DROPPED_IN_PASSING: usize = 2;

/// The windows behind one lock, in one table for each length of windows that policies name.
#[derive(Debug)]
pub(super) struct Shard {
    /// The table that was used last is the first.
    tables: Vec<Table>,
    /// Bytes for all tables together.
    capacity: usize,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            tables: Vec::new(),
            capacity,
        }
    }

    /// Counts a request of `key`.
    pub(super) fn admit(&mut self, key: LimitKey, limit: RateLimit, now: Moment) -> Admission {
        let Some(table) = self.table_of(&key, limit.per) else {
            return Admission::Full {
                retry_after: limit.per,
            };
        };
        let growth = match table.judge(&key, limit.requests, now) {
            Judged::Denied { retry_after } => return Admission::Refused { retry_after },
            Judged::Room { growth } => growth,
        };
        // Below half, a caller who comes back finds the ended window, which costs less than a new
        // one.
        if self.bytes() > self.capacity / 2 {
            self.drop_in_passing(now);
        }
        if growth > 0 && !self.make_room(growth, now) {
            let ends = self
                .tables
                .iter()
                .filter_map(|table| table.until_first_end(now));
            return Admission::Full {
                retry_after: ends.min().unwrap_or(limit.per),
            };
        }
        match self.tables.first_mut() {
            Some(table) => table.admit(key, limit.requests, now),
            None => Admission::Full {
                retry_after: limit.per,
            },
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.tables.iter().map(Table::bytes).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(Table::len).sum()
    }

    /// The table for windows of length `per`, brought to the front and holding the caller's window.
    fn table_of(&mut self, key: &LimitKey, per: Duration) -> Option<&mut Table> {
        let per = milliseconds(per);
        if self.tables.first().is_none_or(|table| table.per != per) {
            if let Some(index) = self.tables.iter().position(|table| table.per == per) {
                self.tables.swap(0, index);
            } else {
                self.tables.retain(|table| table.len() > 0);
                self.tables.insert(0, Table::new(per));
            }
        }
        let (table, others) = self.tables.split_first_mut()?;
        // When a policy's window becomes longer or shorter, its callers go on with what they have.
        if !others.is_empty()
            && !table.contains(key)
            && let Some(window) = others.iter_mut().find_map(|other| other.take(key))
        {
            table.put(*key, window);
        }
        Some(table)
    }

    fn drop_in_passing(&mut self, now: Moment) {
        for _ in 0..DROPPED_IN_PASSING {
            self.drop_ended(now);
        }
    }

    /// Drops a window that has ended, if there is one.
    fn drop_ended(&mut self, now: Moment) -> bool {
        self.tables.iter_mut().any(|table| table.drop_ended(now))
    }

    /// Drops windows that have ended until there are `bytes` to spare. Never drops another: the
    /// caller whose window it is would have the whole limit again.
    fn make_room(&mut self, bytes: usize, now: Moment) -> bool {
        while self.bytes() + bytes > self.capacity {
            if !self.drop_ended(now) {
                return false;
            }
        }
        true
    }
}

/// Rounded up: a window that ends early would admit too many.
pub(super) fn milliseconds(per: Duration) -> u64 {
    Moment::new(per).ceiling
}
