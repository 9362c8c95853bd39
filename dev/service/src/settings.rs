//! Assertions about the settings of a program.

use portcullis_runtime::{Settings, settings_without_example};

const ID: &str = "3a5c0003-0000-4000-8000-000000000003";
const TENANT: &str = "11111111-1111-4111-8111-111111111111";

/// Asserts that clap finds no flag, id or variable twice, and no other mistake.
pub fn assert_distinct<S: Settings>() {
    S::command().debug_assert();
}

/// Asserts that the error of each setting can show an example.
pub fn assert_examples<S: Settings>() {
    let none: [&str; 0] = [];
    assert_eq!(settings_without_example::<S>(), none);
}

/// Asserts that a service has a client id for Entra's tokens and none for another provider's, and
/// that each error begins with its flag.
pub fn assert_client_id_depends_on_issuer<S: Settings>() {
    struct Case {
        name: &'static str,
        flags: String,
        /// The flag of the only error.
        at: Option<&'static str>,
    }
    let folder = tempfile::tempdir().unwrap();
    let document = |name: &str, spec: &str| {
        let file = folder.path().join(name);
        let text = format!(
            "{{apiVersion: portcullis.dev/v1alpha1, kind: TokenIssuer, metadata: {{name: p}}, \
             spec: {{{spec}}}}}"
        );
        std::fs::write(&file, text).unwrap();
        format!("--token-issuer {}", file.display())
    };
    let entra = document("entra", &format!("entra: {{tenants: [{TENANT}]}}"));
    let other = document("other", "oidc: {issuer: 'https://id.example'}");
    let case = |name, flags, at| Case { name, flags, at };
    for Case { name, flags, at } in [
        case(
            "Entra by settings",
            format!("--home-tenant {TENANT} --client-id {ID} --allowed-applications {ID}"),
            None,
        ),
        case(
            "Entra by a document",
            format!("{entra} --client-id {ID} --allowed-applications {ID}"),
            None,
        ),
        case(
            "Entra without a client id",
            format!("{entra} --allowed-applications {ID}"),
            Some("--client-id"),
        ),
        case(
            "Entra and the name of an application",
            format!("{entra} --client-id {ID} --allowed-applications shop"),
            Some("--allowed-applications"),
        ),
        case(
            "another provider",
            format!("{other} --audience orders --allowed-applications shop"),
            None,
        ),
        case(
            "another provider and a client id",
            format!("{other} --audience orders --allowed-applications shop --client-id {ID}"),
            Some("--client-id"),
        ),
    ] {
        let words = format!("program --data-dir d --operations-listen 127.0.0.1:0 {flags}");
        let settings = S::try_parse_from(words.split(' ')).unwrap();
        let found = settings.contradictions();
        assert_eq!(found.len(), at.iter().len(), "{name}: {found:?}");
        assert!(
            found
                .iter()
                .all(|problem| problem.starts_with(at.unwrap_or_default())),
            "{name}: {found:?}"
        );
    }
}
