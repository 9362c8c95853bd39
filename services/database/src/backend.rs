/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of one process, with one writer at a time.
    Sqlite,
    /// A server that several replicas share.
    Postgres,
}

impl Backend {
    /// What a `SELECT` ends with so that nobody else changes its rows before the transaction ends.
    /// On SQLite nobody else is writing.
    #[must_use]
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE",
        }
    }

    /// What a `SELECT` ends with to take rows that no other transaction is working on. SQLite has
    /// one writer, so nobody is.
    #[must_use]
    pub fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }
}
