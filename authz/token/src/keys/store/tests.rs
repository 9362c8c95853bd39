use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};

use super::{KeyFile, KeyStore};
use crate::clock::unix_now;
use crate::keys::source::FetchedKeys;
use crate::{Algorithm, KeySet};

const DAY: Duration = Duration::from_hours(24);

fn keys() -> FetchedKeys {
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "k",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let document = json!({ "keys": [key] }).to_string();
    let keys = KeySet::parse(document.as_bytes(), &[Algorithm::Es256]).unwrap();
    let cloud_instance = Some("microsoftonline.com".to_owned());
    FetchedKeys {
        issuer: Some("https://issuer.example".to_owned()),
        cloud_instance,
        keys,
    }
}

fn read(file: &KeyFile) -> Result<bool, String> {
    file.try_read(&[Algorithm::Es256], DAY)
        .map(|stored| stored.is_some())
}

#[test]
fn stored_keys_are_read_for_their_source_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore::open(folder.path()).unwrap();
    let file = store.file("https://issuer.example/keys");
    assert_eq!(read(&file), Ok(false), "nothing was written yet");
    file.write(&keys());
    let stored = file.read(&[Algorithm::Es256], DAY).unwrap();
    assert!(stored.keys.same_as(&keys()) && stored.age < Duration::from_mins(1));
    assert_eq!(
        std::fs::metadata(&file.path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(read(&store.file("https://other.example/keys")), Ok(false));
    assert!(
        file.try_read(&[Algorithm::Rs256], DAY)
            .unwrap_err()
            .contains("none of its keys")
    );
    file.remove();
    file.remove();
    assert_eq!(read(&file), Ok(false));
}

#[test]
fn stored_keys_of_doubtful_origin_are_not_used() {
    struct Case {
        name: &'static str,
        text: String,
        mode: u32,
        problem: &'static str,
    }

    let folder = tempfile::tempdir().unwrap();
    let file = KeyStore::open(folder.path())
        .unwrap()
        .file("https://issuer.example/keys");
    file.write(&keys());
    let good: Value = serde_json::from_slice(&std::fs::read(&file.path).unwrap()).unwrap();
    let with = |member: &str, value: Value| {
        let mut document = good.clone();
        document[member] = value;
        document.to_string()
    };
    for Case {
        name,
        text,
        mode,
        problem,
    } in [
        Case {
            name: "writable by all",
            text: good.to_string(),
            mode: 0o666,
            problem: "users other than its owner can write it",
        },
        Case {
            name: "writable by its group",
            text: good.to_string(),
            mode: 0o620,
            problem: "users other than its owner can write it",
        },
        Case {
            name: "cut",
            text: good.to_string().replace('}', ""),
            mode: 0o600,
            problem: "it is damaged",
        },
        Case {
            name: "with another member",
            text: with("more", json!(1)),
            mode: 0o600,
            problem: "it is damaged",
        },
        Case {
            name: "of another source",
            text: with("source", json!("https://other.example/keys")),
            mode: 0o600,
            problem: "it belongs to another source",
        },
        Case {
            name: "from the future",
            text: with("fetched_at", json!(unix_now() + 700)),
            mode: 0o600,
            problem: "it is from the future",
        },
        Case {
            name: "a day old",
            text: with("fetched_at", json!(unix_now() - 24 * 3600)),
            mode: 0o600,
            problem: "it is 24 hours old",
        },
        Case {
            name: "without keys",
            text: with("keys", json!([])),
            mode: 0o600,
            problem: "none of its keys can be used",
        },
    ] {
        std::fs::write(&file.path, &text).unwrap();
        std::fs::set_permissions(&file.path, Permissions::from_mode(mode)).unwrap();
        let found = read(&file).unwrap_err();
        assert!(found.contains(problem), "{name}: {found}");
    }
}

#[test]
fn missing_folder_is_an_error() {
    let problem = KeyStore::open("/nonexistent/folder".as_ref())
        .unwrap_err()
        .to_string();
    assert!(
        problem.contains("/nonexistent/folder: is not a folder"),
        "{problem}"
    );
}
