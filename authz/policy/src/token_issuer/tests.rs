use std::time::Duration;

use crate::{Issuer, Provider};

const HEAD: &str = "apiVersion: portcullis.dev/v1alpha1\nkind: TokenIssuer\nmetadata: {name: p}\n";

/// A document with this `spec`, which begins at line 4.
fn document(spec: &str) -> String {
    format!("{HEAD}spec: {spec}\n")
}

#[test]
fn token_issuer_is_compiled_as_in_a_set_of_policies() {
    struct Case {
        name: &'static str,
        spec: &'static str,
        is_entra: bool,
        skew: u64,
        longest_life: u64,
    }
    for Case {
        name,
        spec,
        is_entra,
        skew,
        longest_life,
    } in [
        Case {
            name: "Entra",
            spec: "{entra: {anyTenant: true}}",
            is_entra: true,
            skew: 60,
            longest_life: 24 * 3600 + 300,
        },
        Case {
            name: "another provider",
            spec: "{oidc: {issuer: 'https://id.example'}}",
            is_entra: false,
            skew: 60,
            longest_life: 24 * 3600,
        },
        Case {
            name: "other times",
            spec: "{clockSkew: 5s, longestTokenLife: 10m, oidc: {issuer: 'https://id.example'}}",
            is_entra: false,
            skew: 5,
            longest_life: 600,
        },
    ] {
        let issuer = Issuer::parse("issuer.yaml", &document(spec)).unwrap();
        assert_eq!(
            matches!(issuer.provider, Provider::Entra(_)),
            is_entra,
            "{name}"
        );
        assert_eq!(
            (issuer.times.skew, issuer.times.longest_life),
            (Duration::from_secs(skew), Duration::from_secs(longest_life)),
            "{name}"
        );
        let set_of_policies = format!(
            "{}---\n{{apiVersion: portcullis.dev/v1alpha1, kind: RoutePolicy, metadata: {{name: r}}, \
             spec: {{allow: [{{callers: anyone}}], upstream: {{name: u}}}}}}",
            document(spec)
        );
        let set = crate::PolicySet::compile([("p.yaml", set_of_policies.as_str())]).unwrap();
        assert_eq!(set.issuers().next(), Some(("p", &issuer)), "{name}");
    }
}

#[test]
fn every_error_of_a_text_is_reported_with_its_place() {
    struct Case {
        name: &'static str,
        text: String,
        /// The beginning of each line.
        lines: &'static [&'static str],
    }
    let good = document("{oidc: {issuer: 'https://id.example'}}");
    let policy = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\nmetadata: {name: r}\n\
                  spec: {allow: [{callers: anyone}], upstream: {name: u}}\n";
    let deny_list = "apiVersion: portcullis.dev/v1alpha1\nkind: DenyList\nmetadata: {name: d}\n\
                     spec: {callers: [c]}\n";
    for Case { name, text, lines } in [
        Case {
            name: "nothing",
            text: String::new(),
            lines: &["i.yaml: has no TokenIssuer; "],
        },
        Case {
            name: "a policy alone",
            text: policy.to_owned(),
            lines: &["i.yaml:2:1: RoutePolicy r: kind: a RoutePolicy has no effect here; "],
        },
        Case {
            name: "a policy and a deny list behind the issuer",
            text: format!("{good}---\n{policy}---\n{deny_list}"),
            lines: &[
                "i.yaml:7:1: RoutePolicy r: kind: a RoutePolicy has no effect here; ",
                "i.yaml:12:1: DenyList d: kind: a DenyList has no effect here; ",
            ],
        },
        Case {
            name: "two issuers",
            text: format!("{good}---\n{good}"),
            lines: &["i.yaml:8:12: TokenIssuer p: metadata.name: is one more TokenIssuer"],
        },
        Case {
            name: "no kind of issuer",
            text: document("{}"),
            lines: &["i.yaml:4:1: TokenIssuer p: spec: names no issuer; "],
        },
        Case {
            name: "two bad fields",
            text: document("{clockSkew: 1h, oidc: {issuer: 'http://id.example'}}"),
            lines: &[
                "i.yaml:4:8: TokenIssuer p: spec.clockSkew: is more than 10m; ",
                "i.yaml:4:30: TokenIssuer p: spec.oidc.issuer: 'http://id.example' is not https; ",
            ],
        },
        Case {
            name: "a misspelled field",
            text: document("{oidc: {isuer: 'https://id.example'}}"),
            lines: &[
                "i.yaml:4:15: TokenIssuer p: spec.oidc.isuer: unknown field `isuer`; did you mean issuer?",
            ],
        },
        Case {
            name: "a missing and an unknown field",
            text: document("{oidc: {provider: 'https://id.example'}}"),
            lines: &[
                "i.yaml:4:8: TokenIssuer p: spec.oidc.issuer: is missing",
                "i.yaml:4:15: TokenIssuer p: spec.oidc.provider: unknown field `provider`",
            ],
        },
        Case {
            name: "no YAML",
            text: "a: [b".to_owned(),
            lines: &["i.yaml:"],
        },
    ] {
        let errors = Issuer::parse("i.yaml", &text).unwrap_err();
        let found = errors.lines();
        assert_eq!(found.len(), lines.len(), "{name}: {found:#?}");
        for (found, line) in found.iter().zip(lines) {
            assert!(found.starts_with(line), "{name}: {found}");
        }
    }
}
