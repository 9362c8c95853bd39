use std::path::Path;

use clap::Parser;

use super::certificate_names;
use crate::authority::Authority;
use crate::settings::Settings;

fn settings(state: &Path, more: &str) -> Settings {
    let state = state.display();
    let text = format!(
        "dev-entra --operations-listen 127.0.0.1:0 --directory {state}/directory.yaml \
         --state {state} {more}"
    );
    Settings::try_parse_from(text.split_whitespace()).unwrap()
}

#[test]
fn certificate_names_each_host_once() {
    let settings = settings(
        Path::new("/s"),
        "--name entra.svc --name localhost --public-url https://entra.test:8443",
    );
    let authority = settings.public_url.clone().unwrap();
    assert_eq!(
        certificate_names(&settings, &authority),
        ["localhost", "127.0.0.1", "::1", "entra.svc", "entra.test"]
    );
    assert_eq!(
        certificate_names(&settings, &Authority::localhost(1)).len(),
        4
    );
}

#[test]
fn state_directory_is_absent_only_with_a_given_certificate() {
    for (more, expected) in [
        ("", Some("/s")),
        ("--certificate a --certificate-key b", Some("/s")),
    ] {
        let state = settings(Path::new("/s"), more).state();
        assert_eq!(state.as_deref(), expected.map(Path::new), "{more}");
    }
    let without = |more| Settings {
        state: None,
        ..settings(Path::new("/s"), more)
    };
    assert_eq!(
        without("").state().as_deref(),
        Some(Path::new(".portcullis/entra"))
    );
    let given = without("--certificate a --certificate-key b");
    assert_eq!(given.state(), None);
}
