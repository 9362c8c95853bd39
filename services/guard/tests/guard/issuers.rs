//! Issuers of `TokenIssuer` documents: the tokens that count, and the reasons of others.

use std::io::Write;

use portcullis_token::unix_now;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::issuer::Issuer;
use crate::protected_service::ProtectedService;
use crate::provider::{ID, ORDERS, Provider, claims};
use crate::{CONTOSO, FABRIKAM, TASK_API};

/// The user of the tokens of Entra.
const ADA: &str = "aaaaaaaa-0001-4000-8000-000000000001";

/// A file with a TokenIssuer document that has this `spec`.
fn document(spec: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let head = "apiVersion: portcullis.dev/v1alpha1\nkind: TokenIssuer\nmetadata: {name: p}\n";
    writeln!(file, "{head}spec: {spec}").unwrap();
    file
}

/// `claims` with other members; null removes one.
fn with(claims: &Value, changes: &Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

/// The object id of the caller, or the reason code of the denial.
type Expected = Result<&'static str, &'static str>;

/// A token and what the guard answers to it.
struct Case {
    name: &'static str,
    token: String,
    expected: Expected,
}

/// Changes to the claims of a good token, and what the guard answers.
struct Change {
    name: &'static str,
    changes: Value,
    expected: Expected,
}

fn change(name: &'static str, changes: Value, expected: Expected) -> Change {
    Change {
        name,
        changes,
        expected,
    }
}

async fn check(service: &ProtectedService, tenant: &str, cases: Vec<Case>) {
    for Case {
        name,
        token,
        expected,
    } in cases
    {
        let authorization = format!("Bearer {token}");
        let answer = service
            .answer("GET /me", &[("authorization", &authorization)])
            .await;
        match expected {
            Ok(object_id) => {
                assert_eq!(answer.status, 200, "{name}: {}", answer.body);
                assert_eq!(
                    (&answer.body["oid"], &answer.body["tenant"]),
                    (&json!(object_id), &json!(tenant)),
                    "{name}"
                );
            }
            Err(reason) => {
                let challenge =
                    format!("Bearer error=\"invalid_token\", error_description=\"{reason}\"");
                answer.must_be_unauthorized(reason, &challenge, name);
            }
        }
    }
}

/// An issuer with the tenants of Entra, and a service that trusts one of them by a document.
struct EntraService {
    issuer: Issuer,
    service: ProtectedService,
    _document: NamedTempFile,
}

impl EntraService {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        let file = document(&format!(
            "{{clockSkew: 2m, longestTokenLife: 2h, \
             entra: {{authority: '{}', tenants: [{CONTOSO}]}}}}",
            issuer.authority()
        ));
        let flags = ["--token-issuer", file.path().to_str().unwrap()];
        let http = issuer.http.clone();
        let service = ProtectedService::of_issuer(http, &flags, Some(TASK_API)).await;
        Self {
            issuer,
            service,
            _document: file,
        }
    }

    async fn check(&self, good: &Value, changes: Vec<Change>) {
        let mut cases = Vec::new();
        for Change {
            name,
            changes,
            expected,
        } in changes
        {
            let token = self.issuer.sign(&with(good, &changes)).await;
            cases.push(Case {
                name,
                token,
                expected,
            });
        }
        check(&self.service, CONTOSO, cases).await;
    }
}

/// Changes after which a token of either version counts or not alike.
fn changed_times() -> Vec<Change> {
    let now = unix_now();
    let expired = |by| json!({"nbf": now - 3600, "iat": now - 3600, "exp": now - by});
    vec![
        change("no change", json!({}), Ok(ADA)),
        change("expired within the document's skew", expired(90), Ok(ADA)),
        change(
            "expired beyond the document's skew",
            expired(150),
            Err("token_expired"),
        ),
        change(
            "valid for longer than the document allows",
            json!({"exp": now + 3 * 3600}),
            Err("token_lifetime_too_long"),
        ),
    ]
}

#[tokio::test]
async fn entra_document_decides_about_tokens_of_version_1() {
    let entra = EntraService::start().await;
    let second = entra.issuer.claims(CONTOSO);
    let good = entra.issuer.in_version_1(second.clone()).await;
    let mut changes = changed_times();
    changes.extend([
        change(
            "the URI of the application",
            json!({"aud": format!("api://{TASK_API}")}),
            Ok(ADA),
        ),
        change(
            "another API",
            json!({"aud": FABRIKAM}),
            Err("audience_not_allowed"),
        ),
        change(
            "the issuer of version 2",
            json!({"iss": second["iss"]}),
            Err("issuer_not_allowed"),
        ),
    ]);
    entra.check(&good, changes).await;
}

#[tokio::test]
async fn entra_document_decides_about_tokens_of_version_2() {
    let entra = EntraService::start().await;
    let good = entra.issuer.claims(CONTOSO);
    let first = entra.issuer.in_version_1(good.clone()).await;
    let other_tenant = entra.issuer.claims(FABRIKAM);
    let mut changes = changed_times();
    changes.extend([
        change(
            "the URI of the application",
            json!({"aud": format!("api://{TASK_API}")}),
            Err("audience_not_allowed"),
        ),
        change(
            "the issuer of version 1",
            json!({"iss": first["iss"]}),
            Err("issuer_not_allowed"),
        ),
        change("another tenant", other_tenant, Err("tenant_not_allowed")),
    ]);
    entra.check(&good, changes).await;
}

#[tokio::test]
async fn provider_document_decides_by_its_own_claims() {
    let provider = Provider::new();
    let file = document(&provider.spec("clockSkew: 10s,"));
    let service = of_provider(&file, &["--audience", ORDERS, "--audience", "orders"]).await;
    let good = claims();
    let token = provider.sign(&good);
    let (content, _) = token.rsplit_once('.').unwrap();
    let mut cases = vec![
        Case {
            name: "another key",
            token: Provider::new().sign(&good),
            expected: Err("signature_invalid"),
        },
        Case {
            name: "unsigned",
            token: format!("{content}."),
            expected: Err("signature_invalid"),
        },
    ];
    cases.extend(changed_claims().into_iter().map(|change| Case {
        name: change.name,
        token: provider.sign(&with(&good, &change.changes)),
        expected: change.expected,
    }));
    check(&service, ID, cases).await;
    let answer = service
        .answer("GET /me", &[("authorization", &format!("Bearer {token}"))])
        .await;
    assert_eq!(answer.body["roles"], json!(["Reader"]));
}

fn changed_claims() -> Vec<Change> {
    let now = unix_now();
    vec![
        change("a user", json!({}), Ok("u-1")),
        change(
            "an application",
            json!({"grant": "secret", "user": {"id": "a-1"}}),
            Ok("a-1"),
        ),
        change("the other audience", json!({"aud": "orders"}), Ok("u-1")),
        change(
            "another audience",
            json!({"aud": "https://other.example"}),
            Err("audience_not_allowed"),
        ),
        change(
            "a client id as the audience",
            json!({"aud": TASK_API}),
            Err("audience_not_allowed"),
        ),
        change(
            "the issuer with a slash",
            json!({"iss": format!("{ID}/")}),
            Err("issuer_not_allowed"),
        ),
        change(
            "another value of a required claim",
            json!({"level": 1}),
            Err("required_claim_missing"),
        ),
        change(
            "no required claim",
            json!({"level": null}),
            Err("required_claim_missing"),
        ),
        change(
            "no kind of caller",
            json!({"grant": null}),
            Err("caller_kind_unknown"),
        ),
        change(
            "an unlisted kind of caller",
            json!({"grant": "other"}),
            Err("caller_kind_unknown"),
        ),
        change("an ID token", json!({"nonce": "n"}), Err("id_token")),
        change(
            "expired beyond the document's skew",
            json!({"iat": now - 3600, "exp": now - 30}),
            Err("token_expired"),
        ),
        change(
            "a key of its sender",
            json!({"cnf": {"jkt": "k"}}),
            Err("sender_constrained"),
        ),
    ]
}

/// A service that trusts the provider of `document`, whose keys need no network.
async fn of_provider(document: &NamedTempFile, audiences: &[&str]) -> ProtectedService {
    let issuer = ["--token-issuer", document.path().to_str().unwrap()];
    let http = Client::builder().no_proxy().build().unwrap();
    ProtectedService::of_issuer(http, &[&issuer, audiences].concat(), None).await
}

#[tokio::test]
async fn sender_constrained_token_counts_if_the_document_says_so() {
    let provider = Provider::new();
    let file = document(&provider.spec("insecureSenderConstrainedAsBearer: true,"));
    let service = of_provider(&file, &["--audience", ORDERS]).await;
    let bound = with(&claims(), &json!({"cnf": {"jkt": "k"}}));
    let case = Case {
        name: "a key of its sender",
        token: provider.sign(&bound),
        expected: Ok("u-1"),
    };
    check(&service, ID, vec![case]).await;
}
