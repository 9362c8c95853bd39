//! The verifier finds the written kind of caller for every combination of claims.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::HashMap;
use std::time::Duration;

use portcullis_token::{CallerKind, KindRule, Reason, Verifier};
use serde_json::json;
use token_tests::issuer::Keys;
use token_tests::kinds::{product, token, told, verifier, written};

const PATIENCE: Duration = Duration::from_secs(20);

async fn ready(keys: &Keys, rule: Option<KindRule>) -> Verifier {
    let verifier = verifier(keys, rule);
    verifier.ready(PATIENCE).await.unwrap();
    verifier
}

#[tokio::test]
async fn caller_kind_is_as_written_or_denied_as_unknown() {
    let keys = Keys::generate();
    let verifier = ready(&keys, None).await;
    let mut wrong = Vec::new();
    let mut counts: HashMap<Option<CallerKind>, usize> = HashMap::new();
    for tuple in product() {
        let told = told(&verifier, &token(&keys, tuple));
        let written = written(&tuple);
        *counts.entry(written.kind).or_default() += 1;
        if told != written.kind.ok_or(Reason::CallerKindUnknown) {
            wrong.push(format!(
                "{tuple:?}: {told:?}, but it shows {}",
                written.name
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let count = |kind| counts.get(&kind).copied().unwrap_or_default();
    let counted = [Some(CallerKind::User), Some(CallerKind::Application), None].map(count);
    assert_eq!(counted, [300, 3_920, 1_156], "users, applications, unknown");
}

/// A rule can add tokens of users, but not one that shows that it is an application's.
#[tokio::test]
async fn no_settings_make_a_user_of_an_application() {
    let keys = Keys::generate();
    let rules = [
        KindRule::new(None, Vec::new(), Vec::new(), Some(CallerKind::User)),
        KindRule::new(
            Some("gty".to_owned()),
            vec![json!("password")],
            Vec::new(),
            Some(CallerKind::User),
        ),
        KindRule::new(
            Some("typ".to_owned()),
            vec![json!("Bearer")],
            Vec::new(),
            Some(CallerKind::User),
        ),
        KindRule::new(Some("amr".to_owned()), vec![json!("pwd")], Vec::new(), None),
    ];
    for rule in rules {
        let rule = rule.unwrap();
        let verifier = ready(&keys, Some(rule.clone())).await;
        let mut users = 0;
        for tuple in product().into_iter().step_by(3) {
            let told = told(&verifier, &token(&keys, tuple));
            users += usize::from(told == Ok(CallerKind::User));
            if written(&tuple).kind == Some(CallerKind::Application) {
                assert_ne!(told, Ok(CallerKind::User), "{rule:?} {tuple:?}");
            }
        }
        assert!(users > 50, "{rule:?} tells {users} users");
    }
}
