//! The file of `--token-issuer`, and the settings that depend on it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use portcullis_policy::Provider;
use portcullis_token::Audiences;
use tempfile::TempDir;

use super::{Program, TENANT, parse};

const CLIENT: &str = "3a5c0001-0000-4000-8000-00000000000a";

/// A folder with a TokenIssuer of each kind.
struct Documents(TempDir);

impl Documents {
    fn new() -> Self {
        let documents = Self(tempfile::tempdir().unwrap());
        documents.write("entra", &format!("{{entra: {{tenants: [{TENANT}]}}}}"));
        documents.write("oidc", "{oidc: {issuer: 'https://id.example'}}");
        documents
    }

    /// Writes a document with this `spec`.
    fn write(&self, name: &str, spec: &str) -> PathBuf {
        let head = "apiVersion: portcullis.dev/v1alpha1\nkind: TokenIssuer\nmetadata: {name: p}\n";
        self.write_text(name, &format!("{head}spec: {spec}\n"))
    }

    fn write_text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Flags with the path of each document in place of `$name`.
    fn flags(&self, flags: &str) -> String {
        flags.replace('$', &format!("{}/", self.0.path().display()))
    }
}

#[test]
fn token_issuer_contradicts_the_flags_of_entra() {
    struct Case {
        name: &'static str,
        flags: &'static str,
        /// The flags of the errors, in their order.
        at: &'static [&'static str],
    }
    let documents = Documents::new();
    for Case { name, flags, at } in [
        Case {
            name: "Entra",
            flags: "--token-issuer $entra",
            at: &[],
        },
        Case {
            name: "another provider",
            flags: "--token-issuer $oidc --audience shop,https://shop.example",
            at: &[],
        },
        Case {
            name: "audiences one by one",
            flags: "--token-issuer $oidc --audience shop --audience orders",
            at: &[],
        },
        Case {
            name: "the default authority",
            flags: "--token-issuer $entra --authority https://login.microsoftonline.com",
            at: &[],
        },
        Case {
            name: "no audience",
            flags: "--token-issuer $oidc",
            at: &["--audience"],
        },
        Case {
            name: "an empty audience",
            flags: "--token-issuer $oidc --audience shop,",
            at: &["--audience"],
        },
        Case {
            name: "an audience of Entra",
            flags: "--token-issuer $entra --audience shop",
            at: &["--audience"],
        },
        Case {
            name: "every flag of Entra",
            flags: "--token-issuer $oidc --home-tenant x --allowed-tenants y --allow-any-tenant \
                    --authority https://login.example --audience shop",
            at: &[
                "--home-tenant",
                "--allowed-tenants",
                "--allow-any-tenant",
                "--authority",
            ],
        },
        Case {
            name: "trust without keys",
            flags: "--token-issuer $oidc --audience shop --trust-gateway",
            at: &["--trust-gateway"],
        },
    ] {
        let found = parse(&documents.flags(flags)).unwrap().contradictions();
        let flags: Vec<&str> = found
            .iter()
            .filter_map(|problem| problem.split([':', ' ']).next())
            .collect();
        assert_eq!(flags, at, "{name}: {found:?}");
    }
}

#[test]
fn unusable_token_issuer_error_names_file_line_and_field() {
    struct Case {
        name: &'static str,
        text: Option<&'static str>,
        parts: &'static [&'static str],
    }
    let documents = Documents::new();
    for Case { name, text, parts } in [
        Case {
            name: "absent",
            text: None,
            parts: &["cannot be read: "],
        },
        Case {
            name: "empty",
            text: Some(""),
            parts: &["has no TokenIssuer"],
        },
        Case {
            name: "no YAML",
            text: Some("a: [b"),
            parts: &["is not YAML"],
        },
        Case {
            name: "two unknown fields",
            text: Some(
                "apiVersion: portcullis.dev/v1alpha1\n\
                 kind: TokenIssuer\n\
                 metadata: {name: keycloak}\n\
                 spec:\n  \
                   clockSkews: 5s\n  \
                   oidc:\n    \
                     isuer: https://id.example\n",
            ),
            parts: &[
                ":5:3: TokenIssuer keycloak: spec.clockSkews: ",
                ":7:5: TokenIssuer keycloak: spec.oidc.isuer: ",
                "did you mean issuer?",
            ],
        },
    ] {
        let file = documents.0.path().join(name);
        if let Some(text) = text {
            documents.write_text(name, text);
        }
        let words = ["program", "--token-issuer", file.to_str().unwrap()];
        let error = Program::try_parse_from(words).unwrap_err().to_string();
        for part in ["--token-issuer", file.to_str().unwrap()]
            .iter()
            .chain(parts)
        {
            assert!(error.contains(part), "{name}: '{part}' is not in: {error}");
        }
    }
}

#[test]
fn issuer_decides_what_names_the_audience() {
    struct Case {
        name: &'static str,
        flags: String,
        client_id: Option<&'static str>,
        audiences: Option<Audiences>,
    }
    let documents = Documents::new();
    let oidc = || documents.flags("--token-issuer $oidc --audience shop,orders");
    let of_client = || Some(Audiences::Application(CLIENT.to_owned()));
    let case = |name, flags, client_id, audiences| Case {
        name,
        flags,
        client_id,
        audiences,
    };
    for Case {
        name,
        flags,
        client_id,
        audiences,
    } in [
        case(
            "Entra by flags",
            format!("--home-tenant {TENANT}"),
            Some("{3A5C0001-0000-4000-8000-00000000000A}"),
            of_client(),
        ),
        case(
            "Entra by a document",
            documents.flags("--token-issuer $entra"),
            Some(CLIENT),
            of_client(),
        ),
        case(
            "Entra without a client id",
            documents.flags("--token-issuer $entra"),
            None,
            None,
        ),
        case(
            "another provider",
            oidc(),
            None,
            Some(Audiences::Exactly(vec![
                "shop".to_owned(),
                "orders".to_owned(),
            ])),
        ),
        case(
            "another provider with a client id",
            oidc(),
            Some(CLIENT),
            None,
        ),
    ] {
        let settings = parse(&flags).unwrap();
        let found = settings.accepted_audiences(client_id);
        assert_eq!(found.as_ref().ok(), audiences.as_ref(), "{name}");
        let contradiction = settings.client_id_contradiction("--client-id", client_id);
        assert_eq!(contradiction.is_some(), audiences.is_none(), "{name}");
        if let Some(contradiction) = contradiction {
            assert!(contradiction.starts_with("--client-id: "), "{name}");
        }
    }
}

#[test]
fn document_replaces_the_rules_for_times() {
    let documents = Documents::new();
    documents.write(
        "strict",
        &format!("{{clockSkew: 5s, longestTokenLife: 1h, entra: {{tenants: [{TENANT}]}}}}"),
    );
    let settings = parse(&documents.flags("--token-issuer $strict")).unwrap();
    let issuer = settings.issuer().unwrap();
    assert!(matches!(issuer.provider, Provider::Entra(_)));
    assert_eq!(
        (issuer.times.skew, issuer.times.longest_life),
        (Duration::from_secs(5), Duration::from_hours(1))
    );
    assert_eq!(settings.home_tenant(), None);
}
