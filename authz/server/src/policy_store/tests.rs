use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{FILE, PolicyStore, first_policies};

const GOOD: &str = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
                    metadata: {name: public}\nspec:\n  \
                    allow: [{callers: anyone}]\n  upstream: {name: web}\n";
const BAD: &str = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicies\n";

fn version(policy: &Path, store: Option<&PolicyStore>) -> Result<String, String> {
    first_policies(policy, store)
        .map(|(text, _)| text.version())
        .map_err(|problems| problems.to_string())
}

#[test]
fn bad_policies_at_start_are_replaced_by_the_last_good_ones() {
    struct Case {
        name: &'static str,
        text: Option<&'static str>,
    }
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let stored = folder.path().join("stored");
    std::fs::create_dir(&stored).unwrap();
    let store: PolicyStore = stored.to_str().unwrap().parse().unwrap();
    std::fs::write(&policy, BAD).unwrap();
    assert!(
        version(&policy, Some(&store)).unwrap_err().contains("kind"),
        "nothing was stored"
    );
    std::fs::write(&policy, GOOD).unwrap();
    let good = version(&policy, Some(&store)).unwrap();
    for Case { name, text } in [
        Case {
            name: "a mistake",
            text: Some(BAD),
        },
        Case {
            name: "no file",
            text: None,
        },
    ] {
        match text {
            Some(text) => std::fs::write(&policy, text).unwrap(),
            None => std::fs::remove_file(&policy).unwrap(),
        }
        assert_eq!(version(&policy, Some(&store)).as_ref(), Ok(&good), "{name}");
        assert!(version(&policy, None).is_err(), "{name} without a store");
    }
    assert_eq!(
        std::fs::metadata(stored.join(FILE))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
}

#[test]
fn stored_policies_that_others_can_write_or_are_damaged_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let file = folder.path().join(FILE);
    let store: PolicyStore = folder.path().to_str().unwrap().parse().unwrap();
    std::fs::write(&policy, GOOD).unwrap();
    version(&policy, Some(&store)).unwrap();
    let stored = std::fs::read(&file).unwrap();
    std::fs::write(&policy, BAD).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o622)).unwrap();
    assert!(
        version(&policy, Some(&store)).is_err(),
        "other users can write it"
    );
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert!(version(&policy, Some(&store)).is_ok());
    std::fs::write(&file, &stored[..stored.len() / 2]).unwrap();
    assert!(version(&policy, Some(&store)).is_err(), "it is cut");
}
