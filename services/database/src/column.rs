use std::error::Error;

use sqlx::Row;
use sqlx::any::AnyRow;

/// Parses the string in `column`. An invalid string is an error that names the column.
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
