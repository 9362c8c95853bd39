use std::time::Duration;

use portcullis_policy::RateLimit;

use super::super::{Admission, LimitKey};
use super::table::{Room, Table};
use super::window::Moment;

/// Most ended windows that each request drops.
///
/// They are more than a request can add, so no request has to drop many while it holds the lock.
const DROPPED_PER_REQUEST: usize = 2;

/// The windows behind one lock, in one table for each length.
#[derive(Debug)]
pub(super) struct Shard {
    /// The table that was used last comes first.
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
        let growth = match table.room(&key, limit.requests, now) {
            Room::Full { retry_after } => return Admission::Denied { retry_after },
            Room::Free { growth } => growth,
        };
        // Below half, ended windows are kept: to reuse one costs less than to make one.
        if self.bytes() > self.capacity / 2 {
            self.drop_some_ended(now);
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
        // When a policy's window becomes longer or shorter, its callers keep their counted
        // requests.
        if !others.is_empty()
            && !table.contains(key)
            && let Some(window) = others.iter_mut().find_map(|other| other.take(key))
        {
            table.put(*key, window);
        }
        Some(table)
    }

    fn drop_some_ended(&mut self, now: Moment) {
        for _ in 0..DROPPED_PER_REQUEST {
            self.drop_ended(now);
        }
    }

    /// Drops a window that has ended, if there is one.
    fn drop_ended(&mut self, now: Moment) -> bool {
        self.tables.iter_mut().any(|table| table.drop_ended(now))
    }

    /// Drops ended windows until `bytes` are free, and returns whether they are.
    ///
    /// It never drops a live window, because its caller would have the whole limit again.
    fn make_room(&mut self, bytes: usize, now: Moment) -> bool {
        while self.bytes() + bytes > self.capacity {
            if !self.drop_ended(now) {
                return false;
            }
        }
        true
    }
}

/// Milliseconds, rounded up: a window that ends early would admit too many.
pub(super) fn milliseconds(per: Duration) -> u64 {
    Moment::new(per).ceiling
}
