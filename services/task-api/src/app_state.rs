use portcullis_database::Database;

use crate::outbox::Outbox;

/// State of the handlers.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}
