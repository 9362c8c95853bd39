use std::sync::Arc;

use super::GuardSettings;
use super::ids::{id_contradiction, parse_id};

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
    /// The error of the first id that no token of the issuer in `guard` can have, if there is one.
    ///
    /// An id of Entra is a GUID. Other issuers choose any string.
    #[must_use]
    pub fn contradictions(&self, guard: &GuardSettings) -> Option<String> {
        let of_entra = guard.issuer_is_entra();
        self.allowed_applications.iter().find_map(|id| {
            if of_entra {
                return id_contradiction("--allowed-applications", id);
            }
            let bad = id.is_empty() || id.trim() != id;
            bad.then(|| {
                "--allowed-applications: holds an id that is empty or has spaces around it, so no \
                 token has it"
                    .to_owned()
            })
        })
    }

    /// The list that handlers share.
    #[must_use]
    pub fn list(self) -> Applications {
        Applications(self.allowed_applications.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use clap::Parser;
    use tempfile::NamedTempFile;

    use super::{ApplicationSettings, GuardSettings};

    const ID: &str = "3a5c000a-0000-4000-8000-00000000000a";
    const TENANT: &str = "11111111-1111-4111-8111-11111111111a";

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        applications: ApplicationSettings,
        #[command(flatten)]
        guard: GuardSettings,
    }

    /// The settings of a service with an issuer from `issuer`, which are flags.
    fn settings(list: &str, issuer: [&str; 2]) -> Program {
        let own = ["program", "--allowed-applications", list];
        Program::try_parse_from(own.into_iter().chain(issuer)).unwrap()
    }

    #[test]
    fn allowed_applications_are_ids_in_any_spelling() {
        let entra = ["--home-tenant", TENANT];
        for list in [
            ID.to_owned(),
            ID.to_uppercase(),
            format!("{{{ID}}}"),
            format!("{ID}, {}", ID.to_uppercase()),
        ] {
            let Program {
                applications,
                guard,
            } = settings(&list, entra);
            assert_eq!(applications.contradictions(&guard), None, "{list}");
            assert!(applications.list().0.iter().all(|id| id == ID), "{list}");
        }
        for list in [
            ",",
            "task-api",
            "api://task-api",
            &format!("{ID},ada@contoso.example"),
        ] {
            let Program {
                applications,
                guard,
            } = settings(list, entra);
            let problem = applications.contradictions(&guard).unwrap();
            assert!(
                problem.starts_with("--allowed-applications: is ") && !problem.contains('@'),
                "{list}: {problem}"
            );
        }
    }

    #[test]
    fn applications_of_another_issuer_have_any_id() {
        struct Case {
            name: &'static str,
            list: &'static str,
            listed: Option<&'static [&'static str]>,
        }
        let mut file = NamedTempFile::new().unwrap();
        let document = "{apiVersion: portcullis.dev/v1alpha1, kind: TokenIssuer, \
                        metadata: {name: p}, spec: {oidc: {issuer: 'https://id.example'}}}";
        file.write_all(document.as_bytes()).unwrap();
        let issuer = ["--token-issuer", file.path().to_str().unwrap()];
        for Case { name, list, listed } in [
            Case {
                name: "names",
                list: "shop,Orders",
                listed: Some(&["shop", "Orders"]),
            },
            Case {
                name: "a URL",
                list: "https://shop.example/client",
                listed: Some(&["https://shop.example/client"]),
            },
            Case {
                name: "a space",
                list: "shop, orders",
                listed: None,
            },
            Case {
                name: "an empty id",
                list: "shop,",
                listed: None,
            },
        ] {
            let Program {
                applications,
                guard,
            } = settings(list, issuer);
            let found = applications.contradictions(&guard);
            assert_eq!(found.is_none(), listed.is_some(), "{name}: {found:?}");
            if let Some(listed) = listed {
                assert_eq!(&*applications.list().0, listed, "{name}");
            }
        }
    }
}
