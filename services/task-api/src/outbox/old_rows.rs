use std::time::Duration;

use sqlx::AnyConnection;

use crate::clock::{milliseconds, unix_milliseconds};

/// Rows that housekeeping deletes when they are old. The module that writes them says which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OldRows {
    /// The statement that deletes the rows from before `$1`, in milliseconds since 1970.
    pub(crate) delete: &'static str,
    /// Time for which the rows are kept.
    pub(crate) kept: Duration,
}

impl OldRows {
    pub(super) async fn delete(&self, transaction: &mut AnyConnection) -> sqlx::Result<()> {
        let before = unix_milliseconds().saturating_sub(milliseconds(self.kept));
        sqlx::query(self.delete)
            .bind(before)
            .execute(transaction)
            .await
            .map(drop)
    }
}
