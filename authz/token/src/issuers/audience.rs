use super::entra_version::EntraVersion;

/// The audiences that an API accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audiences {
    /// An application registered in Entra, by its client id.
    Application(String),
    /// Exactly these values of `aud`.
    Exactly(Vec<String>),
}

impl Audiences {
    /// Whether a token of this `aud` and version is for the API.
    ///
    /// Entra puts the client id into v2 tokens. A v1 token has the name that the client requested:
    /// the client id or the default application URI. Entra keeps a trailing slash that the client
    /// wrote ("Access token claims reference").
    #[must_use]
    pub fn accept(&self, audience: &str, version: Option<EntraVersion>) -> bool {
        match self {
            Self::Exactly(accepted) => accepted.iter().any(|accepted| accepted == audience),
            Self::Application(client_id) => match version {
                Some(EntraVersion::V1) => {
                    let name = audience
                        .strip_prefix("api://")
                        .map(|name| name.strip_suffix('/').unwrap_or(name));
                    name.unwrap_or(audience) == client_id
                }
                _ => audience == client_id,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Audiences;
    use crate::EntraVersion::{V1, V2};

    const ID: &str = "3a5c0001-0000-4000-8000-000000000001";

    #[test]
    fn application_has_one_name_in_v2_and_three_in_v1() {
        struct Case {
            name: &'static str,
            audience: String,
            in_v1: bool,
            in_v2: bool,
        }

        let api = Audiences::Application(ID.to_owned());
        for Case {
            name,
            audience,
            in_v1,
            in_v2,
        } in [
            Case {
                name: "client id",
                audience: ID.to_owned(),
                in_v1: true,
                in_v2: true,
            },
            Case {
                name: "application URI",
                audience: format!("api://{ID}"),
                in_v1: true,
                in_v2: false,
            },
            Case {
                name: "application URI with a slash",
                audience: format!("api://{ID}/"),
                in_v1: true,
                in_v2: false,
            },
            Case {
                name: "application URI with two slashes",
                audience: format!("api://{ID}//"),
                in_v1: false,
                in_v2: false,
            },
            Case {
                name: "client id with a slash",
                audience: format!("{ID}/"),
                in_v1: false,
                in_v2: false,
            },
            Case {
                name: "application URI twice",
                audience: format!("api://api://{ID}"),
                in_v1: false,
                in_v2: false,
            },
            Case {
                name: "application URI in upper case",
                audience: format!("API://{ID}"),
                in_v1: false,
                in_v2: false,
            },
            Case {
                name: "client id in upper case",
                audience: ID.to_uppercase(),
                in_v1: false,
                in_v2: false,
            },
            Case {
                name: "another client id",
                audience: "3a5c0001-0000-4000-8000-000000000002".to_owned(),
                in_v1: false,
                in_v2: false,
            },
            Case {
                name: "nothing",
                audience: String::new(),
                in_v1: false,
                in_v2: false,
            },
        ] {
            assert_eq!(
                (
                    api.accept(&audience, Some(V1)),
                    api.accept(&audience, Some(V2))
                ),
                (in_v1, in_v2),
                "{name}: {audience}"
            );
        }
    }

    #[test]
    fn audience_list_is_compared_exactly() {
        let list = Audiences::Exactly(vec!["https://api.example".to_owned(), "tasks".to_owned()]);
        assert!(list.accept("tasks", None) && list.accept("https://api.example", Some(V2)));
        assert!(!list.accept("https://api.example/", None) && !list.accept("Tasks", None));
    }
}
