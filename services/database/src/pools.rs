use sqlx::AnyPool;

/// The connection pools of readers and writers.
///
/// SQLite has one writer, so its writers queue for one connection. On PostgreSQL both are the same
/// pool.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    pub(crate) readers: AnyPool,
    pub(crate) writers: AnyPool,
}
