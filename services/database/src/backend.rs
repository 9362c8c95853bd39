/// The kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file that one process uses, with one writer at a time.
    Sqlite,
    /// A server that several replicas share.
    Postgres,
}

impl Backend {
    /// Clause that locks the rows of a `SELECT` until the transaction ends.
    ///
    /// SQLite needs none, because it has one writer.
    #[must_use]
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE",
        }
    }

    /// Clause that locks the rows of a `SELECT` and skips rows that another transaction has locked.
    ///
    /// SQLite needs none, because it has one writer.
    #[must_use]
    pub fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }
}
