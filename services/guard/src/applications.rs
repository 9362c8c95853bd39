use std::sync::Arc;

use crate::ids::{id_contradiction, parse_id};

/// The applications that may call a service, by client id.
#[derive(Clone, Debug)]
pub struct Applications(pub Arc<[String]>);

/// Settings of the applications that may call a service.
#[derive(Clone, Debug, clap::Args)]
pub struct ApplicationSettings {
    /// Applications that may call, by client id (a token's azp or appid).
    #[arg(
        long,
        env = "ALLOWED_APPLICATION_IDS",
        value_name = "ID,..",
        value_delimiter = ',',
        required = true,
        value_parser = parse_id
    )]
    allowed_applications: Vec<String>,
}

impl ApplicationSettings {
    /// The error of the first id that no token can have, if there is one.
    #[must_use]
    pub fn contradictions(&self) -> Option<String> {
        self.allowed_applications
            .iter()
            .find_map(|id| id_contradiction("--allowed-applications", id))
    }

    /// The list that handlers share.
    #[must_use]
    pub fn list(self) -> Applications {
        Applications(self.allowed_applications.into())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::ApplicationSettings;

    const ID: &str = "3a5c000a-0000-4000-8000-00000000000a";

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        applications: ApplicationSettings,
    }

    fn settings(list: &str) -> ApplicationSettings {
        Program::try_parse_from(["program", "--allowed-applications", list])
            .unwrap()
            .applications
    }

    #[test]
    fn allowed_applications_are_ids_in_any_spelling() {
        for list in [
            ID.to_owned(),
            ID.to_uppercase(),
            format!("{{{ID}}}"),
            format!("{ID}, {}", ID.to_uppercase()),
        ] {
            let settings = settings(&list);
            assert_eq!(settings.contradictions(), None, "{list}");
            assert!(settings.list().0.iter().all(|id| id == ID), "{list}");
        }
        for list in [
            ",",
            "task-api",
            "api://task-api",
            &format!("{ID},ada@contoso.example"),
        ] {
            let problem = settings(list).contradictions().unwrap();
            assert!(
                problem.starts_with("--allowed-applications: is ") && !problem.contains('@'),
                "{list}: {problem}"
            );
        }
    }
}
