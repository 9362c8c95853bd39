use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Keeper, StateDirectory, StateFile};
use crate::certificates::Certificates;
use crate::clock::now;
use crate::directory::{Directory, Platform};
use crate::fixture::{ADA, CONTOSO, DIRECTORY, Fixture, TASK_API, WEB};
use crate::memory::{Memory, RefreshToken, UserGrant};
use crate::sign_in::Browser;
use crate::signing_key::{KeyRing, SigningKey};

fn ada() -> UserGrant {
    UserGrant {
        tenant: CONTOSO.parse().unwrap(),
        user: ADA.parse().unwrap(),
        client: WEB.parse().unwrap(),
        scope: "openid".to_owned(),
        contexts: Vec::new(),
        session: None,
        nonce: None,
        platform: Platform::Web,
    }
}

fn restored(state: &StateDirectory) -> (KeyRing, Memory) {
    (
        state
            .read(StateFile::SigningKeys, KeyRing::restored)
            .unwrap()
            .unwrap(),
        state
            .read(StateFile::Sessions, Memory::restored)
            .unwrap()
            .unwrap(),
    )
}

#[tokio::test]
async fn keeper_writes_private_files_that_restore_keys_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let entra = Fixture::new().entra;
    let (keys, memory) = (&entra.keys, &entra.memory);
    let state = StateDirectory::open(folder.path()).unwrap();
    let keeper = Keeper::start(state, &entra).unwrap();
    let ends = now() + 600;
    let token = RefreshToken { grant: ada(), ends };
    let token = memory.refresh_tokens.issue(token, now(), ends).unwrap();
    let browser = memory.browsers.issue(Browser::default(), now(), ends);
    let browser = browser.unwrap();
    let code = memory.user_codes.issue("code".to_owned(), now(), ends);
    keys.rotate(SigningKey::generate().unwrap());
    drop(keeper);

    for name in ["signing-keys.json", "sessions.json"] {
        let file = folder.path().join(name);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        let text = std::fs::read_to_string(&file).unwrap();
        for handle in [&token, &browser, code.as_ref().unwrap()] {
            assert!(!text.contains(handle.as_str()), "{name} has a handle");
        }
    }
    // The task of the keeper ends at its next turn, and with it the lock.
    tokio::task::yield_now().await;
    let state = StateDirectory::open(folder.path()).unwrap();
    let (keys_after, after) = restored(&state);
    let published = |keys: &KeyRing| {
        let jwks = keys.published();
        jwks.iter().map(|key| key.to_jwk(None)).collect::<Vec<_>>()
    };
    assert_eq!(published(&keys_after), published(keys));
    assert!(after.browsers.get(&browser, now()).is_some());
    let found = after.refresh_tokens.get(&token, now()).unwrap();
    assert_eq!(found.grant.user.to_string(), ADA);
    assert!(
        after
            .user_codes
            .get(code.as_ref().unwrap(), now())
            .is_none()
    );
}

#[tokio::test]
async fn keeper_writes_soon_after_each_kind_of_change() {
    struct Case {
        name: &'static str,
        change: fn(&Memory),
    }

    let folder = tempfile::tempdir().unwrap();
    let entra = Fixture::new().entra;
    let state = StateDirectory::open(folder.path()).unwrap();
    let _keeper = Keeper::start(state, &entra).unwrap();
    let file = folder.path().join("sessions.json");
    let patience = std::time::Duration::from_secs(30);
    for Case { name, change } in [
        Case {
            name: "new session",
            change: |memory| {
                let ends = now() + 600;
                let issued = memory.browsers.issue(Browser::default(), now(), ends);
                issued.unwrap();
            },
        },
        Case {
            name: "consent given through Microsoft Graph",
            change: |memory| set_adas_consent(memory, &["Other.Read"]),
        },
        Case {
            name: "consent revoked through Microsoft Graph",
            change: |memory| set_adas_consent(memory, &[]),
        },
    ] {
        let before = std::fs::read_to_string(&file).unwrap();
        change(&entra.memory);
        let written = tokio::time::timeout(patience, async {
            while std::fs::read_to_string(&file).unwrap() == before {
                tokio::task::yield_now().await;
            }
        });
        assert!(written.await.is_ok(), "{name}");
    }
}

fn set_adas_consent(memory: &Memory, scopes: &[&str]) {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let [user, client, resource] = [ADA, WEB, TASK_API].map(|id| id.parse().unwrap());
    memory.set_consent(user, client, resource, scopes);
}

#[test]
fn unusable_file_is_an_error_with_file_and_remedy() {
    struct Case {
        name: &'static str,
        content: &'static str,
        mode: u32,
        part: &'static str,
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    let state = StateDirectory::open(folder.path()).unwrap();
    let good = r#"{"schema":1,"content":{"browsers":[],"refresh_tokens":[],"consents":[]}}"#;
    let case = |name, content, mode, part| Case {
        name,
        content,
        mode,
        part,
    };
    let digest = r#"{"schema":1,"content":{"browsers":[{"digest":"x","ends":9,
        "value":{"accounts":[]}}],"refresh_tokens":[],"consents":[]}}"#;
    for Case {
        name,
        content,
        mode,
        part,
    } in [
        case("cut off", &good[..40], 0o600, "damaged at line 1"),
        case("later schema", r#"{"schema":2}"#, 0o600, "it has schema 2"),
        case("not JSON", "x", 0o600, "damaged at line 1 column 1"),
        case("other digest", digest, 0o600, "a digest has not 32 bytes"),
        case("open to others", good, 0o666, "other than its owner"),
    ] {
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = state
            .read(StateFile::Sessions, Memory::restored)
            .unwrap_err()
            .to_string();
        for part in [part, "--state", "sessions.json", "move it away"] {
            assert!(error.contains(part), "{name}: {error}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content, "{name}");
    }
    std::fs::write(&file, good).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(
        state
            .read(StateFile::Sessions, Memory::restored)
            .unwrap()
            .is_some()
    );
}

#[test]
fn state_directory_is_for_one_process_and_must_be_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = StateDirectory::open(folder.path()).unwrap();
    let error = StateDirectory::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("another dev-entra"), "{error}");
    drop(first);
    assert!(StateDirectory::open(folder.path()).is_ok());
    let file = folder.path().join("lock");
    let error = StateDirectory::open(&file).unwrap_err().to_string();
    assert!(
        error.contains("--state") && error.contains("write to"),
        "{error}"
    );
}

#[test]
fn authority_is_kept_and_its_server_certificate_follows_names_and_time() {
    const DAY: i64 = 24 * 3600;

    let folder = tempfile::tempdir().unwrap();
    let state = StateDirectory::open(folder.path()).unwrap();
    let file = || std::fs::read_to_string(folder.path().join("authority.json")).unwrap();
    let kept = |names: &[&str], days: i64| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let certificates = Certificates::kept(&state, names, now() + days * DAY).unwrap();
        certificates.authority_pem().to_owned()
    };
    let authority = kept(&["localhost"], 0);
    let first = file();
    assert_eq!(kept(&["localhost"], 50), authority);
    assert_eq!(file(), first, "nothing changed");
    for (name, names, days) in [
        ("other names", &["localhost", "entra.test"][..], 0),
        ("about to end", &["localhost", "entra.test"], 70),
        ("ended", &["localhost", "entra.test"], 1000),
    ] {
        let before = file();
        assert_eq!(kept(names, days), authority, "{name}");
        assert_ne!(file(), before, "{name}");
    }
    assert_ne!(kept(&["localhost"], 3600), authority, "its own end is near");
    let path = state.publish(&authority).unwrap();
    assert_eq!(path, Path::new(folder.path()).join("ca.pem"));
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn memory_keeps_only_users_of_the_directory() {
    let memory = Memory::new();
    let ends = now() + 600;
    let token = RefreshToken { grant: ada(), ends };
    let handle = memory.refresh_tokens.issue(token, now(), ends).unwrap();
    memory.keep_only_of(&Directory::parse("d.yaml", DIRECTORY).unwrap());
    assert!(memory.refresh_tokens.get(&handle, now()).is_some());
    let without = DIRECTORY.replace(ADA, "aaaaaaaa-0001-4000-8000-0000000000ff");
    memory.keep_only_of(&Directory::parse("d.yaml", &without).unwrap());
    assert!(memory.refresh_tokens.get(&handle, now()).is_none());
}
