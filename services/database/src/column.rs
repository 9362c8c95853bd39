use std::error::Error;

use sqlx::Row;
use sqlx::any::AnyRow;

/// A column of text as what it stands for; a word that stands for nothing is an error that names
/// the column.
pub fn parsed<T>(row: &AnyRow, column: &str) -> sqlx::Result<T>
where
    T: TryFrom<String, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let failed = |source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source,
    };
    T::try_from(row.try_get(column)?).map_err(|error| failed(error.into()))
}
