use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// Settings of a service's database.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Directory of the SQLite database, created if missing. Not used with a database URL.
    #[arg(
        long,
        env = "DATA_DIR",
        value_name = "DIR",
        required_unless_present = "database_url"
    )]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL database to use instead of a file, as `postgres://user:password@host/database`.
    /// Several replicas may share it.
    #[arg(
        long,
        id = "database_url",
        env = "DATABASE_URL",
        value_name = "POSTGRES_URL",
        hide_env_values = true
    )]
    pub database_url: Option<DatabaseUrl>,
    /// Maximum number of connections to the database.
    #[arg(
        long,
        env = "DATABASE_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "8"
    )]
    pub database_connections: NonZeroU32,
}

impl DatabaseSettings {
    /// Settings of an SQLite file in `data_dir`.
    #[must_use]
    pub fn in_directory(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: Some(data_dir.into()),
            database_url: None,
            database_connections: Self::CONNECTIONS,
        }
    }

    /// Settings of the PostgreSQL database at `url`.
    #[must_use]
    pub fn at(url: DatabaseUrl) -> Self {
        Self {
            data_dir: None,
            database_url: Some(url),
            database_connections: Self::CONNECTIONS,
        }
    }

    const CONNECTIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(7);
}

/// The URL of a PostgreSQL database. It may hold a password, so it is never printed.
#[derive(Clone)]
pub struct DatabaseUrl(Url);

impl DatabaseUrl {
    pub(crate) fn reveal(&self) -> &Url {
        &self.0
    }

    /// Host and database, without user, password and parameters.
    pub(crate) fn place(&self) -> String {
        format!("{}{}", self.0.host_str().unwrap_or_default(), self.0.path())
    }
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim())
            .map_err(|_| "is not a URL; write postgres://user:password@host/database")?;
        match url.scheme() {
            "postgres" | "postgresql" => Ok(Self(url)),
            "sqlite" => Err("is for PostgreSQL; for SQLite give a directory with --data-dir"),
            _ => Err("is not a PostgreSQL URL; write postgres://user:password@host/database"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({})", self.place())
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    /// A URL that is not PostgreSQL's, and what its error suggests.
    struct Rejected {
        name: &'static str,
        url: &'static str,
        hint: &'static str,
    }

    #[test]
    fn database_url_is_postgresqls_and_never_shows_its_password() {
        let url: DatabaseUrl = "postgres://app:s3cret@db.example:5432/tasks?sslmode=require\n"
            .parse()
            .unwrap();
        assert_eq!(format!("{url:?}"), "DatabaseUrl(db.example/tasks)");
        for Rejected { name, url, hint } in [
            Rejected {
                name: "of SQLite",
                url: "sqlite:tasks.db",
                hint: "--data-dir",
            },
            Rejected {
                name: "of another database",
                url: "mysql://h/d",
                hint: "postgres://",
            },
            Rejected {
                name: "without a scheme",
                url: "tasks",
                hint: "postgres://",
            },
        ] {
            let error = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(error.contains(hint), "{name}: {error}");
        }
    }
}
