use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Parser;

use super::{Certificates, certificate_names};
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
fn state_directory_gets_only_the_authority_certificate() {
    let state = tempfile::tempdir().unwrap();
    let publish = || {
        Certificates::generate(vec!["localhost".to_owned()])
            .unwrap()
            .publish(state.path())
            .unwrap()
    };
    let path = publish();
    let first = std::fs::read_to_string(&path).unwrap();
    assert!(first.starts_with("-----BEGIN CERTIFICATE-----") && !first.contains("PRIVATE KEY"));
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
    publish();
    assert_ne!(
        std::fs::read_to_string(&path).unwrap(),
        first,
        "each start has its own authority"
    );
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 1);

    let file = state.path().join("ca.pem");
    let error = Certificates::generate(Vec::new())
        .unwrap()
        .publish(&file)
        .unwrap_err();
    assert!(error.to_string().contains("--state"), "{error}");
}
