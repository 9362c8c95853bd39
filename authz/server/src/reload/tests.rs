use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_assertion::Signer;
use portcullis_runtime::Registry;
use portcullis_token::{KeyPolicy, KeySources};
use reqwest::Client;
use tokio::time::timeout;

use super::{PoliciesInForce, Reload, Seen};
use crate::authorizer::Authorizer;
use crate::metrics::{Metrics, StateMetrics};
use crate::policy_source::PolicyText;
use crate::policy_store::{PolicyStore, first_policies};
use crate::rate_limit::{LimitMemory, RateLimiter};
use crate::routes::{RouteSettings, Routes};
use crate::signers::Signers;

const PUBLIC: &str = "
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: public}
spec:
  allow: [{callers: anyone}]
  upstream: {name: web}
";

/// An unreachable issuer with a policy: port 1 of this machine is closed.
const UNREACHABLE_ISSUER: &str = "
---
apiVersion: portcullis.dev/v1alpha1
kind: TokenIssuer
metadata: {name: away}
spec: {oidc: {issuer: 'https://127.0.0.1:1/realm'}}
---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: private}
spec:
  issuer: away
  audiences: [api]
  allow: [{callers: users, scopes: [read]}]
  upstream: {name: web}
";

const DENY_LIST: &str = "
---
apiVersion: portcullis.dev/v1alpha1
kind: DenyList
metadata: {name: incident}
spec: {callers: [aaaaaaaa-0003-4000-8000-000000000003]}
";

const NOT_A_POLICY: &str = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicies\n";

fn reload_of(file: &Path) -> (Reload, Registry, PolicyText) {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let keys = KeySources::new(
        Client::builder().no_proxy().build().unwrap(),
        KeyPolicy::default(),
    );
    let settings = RouteSettings {
        keys,
        cache_capacity: 0,
        metrics: metrics.clone(),
    };
    let text = PolicyText::read([file]).unwrap();
    let routes = Routes::start(&text.compile().unwrap(), &settings).unwrap();
    let signers = Signers::public_only(Signer::generate().unwrap());
    let authorizer = Arc::new(Authorizer::new(
        routes,
        signers,
        RateLimiter::in_memory(LimitMemory::default()).unwrap(),
    ));
    let policies = PoliciesInForce::new(&text);
    let removed_policy_grace = Duration::from_mins(2);
    (
        Reload {
            authorizer,
            path: file.to_owned(),
            store: None,
            settings,
            metrics,
            policies,
            removed_policy_grace,
        },
        registry,
        text,
    )
}

fn metrics_of(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    text
}

#[tokio::test]
async fn poll_puts_good_policies_in_force_and_reports_bad_ones() {
    struct Case<'a> {
        name: &'static str,
        /// The content of the file; `None` if it is gone.
        text: Option<&'a str>,
        policies_in_force: &'static [&'static str],
        /// A part of the error.
        cause: Option<&'static str>,
        /// Reloads so far.
        successes: u32,
        failures: u32,
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, PUBLIC).unwrap();
    let (mut reload, registry, in_force) = reload_of(&file);
    let store: PolicyStore = folder.path().to_str().unwrap().parse().unwrap();
    reload.store = Some(store.clone());
    let mut seen = Seen {
        in_force,
        refused: None,
        cause: None,
    };
    let with_deny_list = format!("{PUBLIC}{DENY_LIST}");
    let with_issuer = format!("{with_deny_list}{UNREACHABLE_ISSUER}");
    let public: &[&str] = &["public"];
    for Case {
        name,
        text,
        policies_in_force,
        cause,
        successes,
        failures,
    } in [
        Case {
            name: "nothing new",
            text: Some(PUBLIC),
            policies_in_force: public,
            cause: None,
            successes: 0,
            failures: 0,
        },
        Case {
            name: "a file that is gone",
            text: None,
            policies_in_force: public,
            cause: Some("cannot be read"),
            successes: 0,
            failures: 1,
        },
        Case {
            name: "a file that is still gone",
            text: None,
            policies_in_force: public,
            cause: Some("cannot be read"),
            successes: 0,
            failures: 1,
        },
        Case {
            name: "the same text again",
            text: Some(PUBLIC),
            policies_in_force: public,
            cause: None,
            successes: 0,
            failures: 1,
        },
        Case {
            name: "a mistake",
            text: Some(NOT_A_POLICY),
            policies_in_force: public,
            cause: Some("kind"),
            successes: 0,
            failures: 2,
        },
        Case {
            name: "the same mistake",
            text: Some(NOT_A_POLICY),
            policies_in_force: public,
            cause: Some("kind"),
            successes: 0,
            failures: 2,
        },
        Case {
            name: "a file that is gone after a mistake",
            text: None,
            policies_in_force: public,
            cause: Some("cannot be read"),
            successes: 0,
            failures: 3,
        },
        Case {
            name: "the mistake is back",
            text: Some(NOT_A_POLICY),
            policies_in_force: public,
            cause: Some("kind"),
            successes: 0,
            failures: 4,
        },
        Case {
            name: "an issuer that is unreachable",
            text: Some(&with_issuer),
            policies_in_force: &["private", "public"],
            cause: None,
            successes: 1,
            failures: 4,
        },
    ] {
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap_or_default(),
        }
        let outcome = reload.poll(&mut seen, false);
        reload.note(&mut seen, outcome);
        assert_eq!(
            reload.authorizer.routes().policy_names(),
            policies_in_force,
            "{name}"
        );
        let refused = reload.policies.state().refused;
        assert_eq!(refused.is_some(), cause.is_some(), "{name}: {refused:?}");
        assert!(
            refused
                .unwrap_or_default()
                .contains(cause.unwrap_or_default()),
            "{name}"
        );
        let text = metrics_of(&registry);
        for (line, number) in [
            ("portcullis_policy_stale", u32::from(cause.is_some())),
            (
                "portcullis_policy_reloads_total{outcome=\"success\"}",
                successes,
            ),
            (
                "portcullis_policy_reloads_total{outcome=\"failure\"}",
                failures,
            ),
        ] {
            let expected = format!("{line} {number}\n");
            assert!(
                number == 0 && !text.contains(line) || text.contains(&expected),
                "{name}: {line}: {text}"
            );
        }
    }
    std::fs::write(&file, NOT_A_POLICY).unwrap();
    let (kept, _) = first_policies(&file, Some(&store)).unwrap();
    assert_eq!(
        kept.version(),
        reload.policies.state().version,
        "the next start serves the policies that were put in force last"
    );
}

#[tokio::test]
async fn metrics_name_the_policies_in_force_and_not_the_removed_ones() {
    struct Case<'a> {
        name: &'static str,
        text: &'a str,
        expected: &'static [&'static str],
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let both = format!(
        "{PUBLIC}---{}",
        PUBLIC.replace("name: public", "name: other")
    );
    std::fs::write(&file, &both).unwrap();
    let (reload, mut registry, in_force) = reload_of(&file);
    let state_metrics = StateMetrics::register(&mut registry);
    let named = |registry| {
        let text = metrics_of(registry);
        let name = |line: &str| {
            let rest = line.strip_prefix("portcullis_policy_in_force{policy=\"")?;
            Some(rest.strip_suffix("\"} 1")?.to_owned())
        };
        text.lines().filter_map(name).collect::<Vec<_>>()
    };
    assert_eq!(named(&registry), [""; 0], "there are no policies yet");
    state_metrics.observe(Arc::clone(&reload.authorizer), reload.policies.clone());
    let mut seen = Seen {
        in_force,
        refused: None,
        cause: None,
    };
    for Case {
        name,
        text,
        expected,
    } in [
        Case {
            name: "at the start",
            text: both.as_str(),
            expected: &["other", "public"],
        },
        Case {
            name: "one is removed",
            text: PUBLIC,
            expected: &["public"],
        },
        Case {
            name: "a mistake changes nothing",
            text: NOT_A_POLICY,
            expected: &["public"],
        },
        Case {
            name: "it is back",
            text: &both,
            expected: &["other", "public"],
        },
    ] {
        std::fs::write(&file, text).unwrap();
        let _outcome = reload.poll(&mut seen, false);
        assert_eq!(named(&registry), expected, "{name}");
    }
}

#[tokio::test]
async fn bad_policies_are_compiled_again_only_by_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, PUBLIC).unwrap();
    let (reload, _, in_force) = reload_of(&file);
    std::fs::write(&file, NOT_A_POLICY).unwrap();
    let text = PolicyText::read([file.as_path()]).unwrap();
    let mut seen = Seen {
        in_force,
        refused: Some((text, "as before".to_owned())),
        cause: None,
    };
    assert_eq!(reload.poll(&mut seen, false), Err("as before".to_owned()));
    assert!(reload.poll(&mut seen, true).unwrap_err().contains("kind"));
}

#[tokio::test]
async fn reload_answers_for_the_present_files_and_waits_for_no_issuer() {
    struct Case<'a> {
        name: &'static str,
        text: &'a str,
        refused: bool,
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, PUBLIC).unwrap();
    let (reload, _, in_force) = reload_of(&file);
    let policies = reload.policies.clone();
    let authorizer = Arc::clone(&reload.authorizer);
    let following = tokio::spawn(reload.follow(in_force));
    let with_issuer = format!("{PUBLIC}{DENY_LIST}{UNREACHABLE_ISSUER}");
    for Case {
        name,
        text,
        refused,
    } in [
        Case {
            name: "a mistake",
            text: NOT_A_POLICY,
            refused: true,
        },
        Case {
            name: "an unreachable issuer",
            text: with_issuer.as_str(),
            refused: false,
        },
        Case {
            name: "the mistake again",
            text: NOT_A_POLICY,
            refused: true,
        },
        Case {
            name: "the first policies again",
            text: PUBLIC,
            refused: false,
        },
    ] {
        std::fs::write(&file, text).unwrap();
        let state = timeout(Duration::from_secs(5), policies.reload_now())
            .await
            .unwrap();
        assert_eq!(
            state.refused.is_some(),
            refused,
            "{name}: {:?}",
            state.refused
        );
        if !refused {
            assert_eq!(
                state.version,
                PolicyText::read([file.as_path()]).unwrap().version()
            );
            assert_eq!(
                authorizer.routes().policy_names().contains(&"private"),
                text != PUBLIC
            );
        }
    }
    following.abort();
}
