//! Callers of an issuer other than Entra, which has no tenants.

use audit::{Settings, router, schema};
use axum::Router;
use clap::Parser;
use dev_service::{Answer, answer, request};
use portcullis_database::{Database, DatabaseMetrics};
use portcullis_guard::Guard;
use portcullis_runtime::{HttpService, Registry};
use portcullis_token::{
    Audiences, ClaimNames, OfflineIssuer, OfflineVerifier, OidcKeys, OidcSettings, TimeRules,
    unix_now,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const ISSUER: &str = "https://id.example";

/// The service, and an issuer whose keys are generated.
struct Service {
    generated: OfflineIssuer,
    offline: OfflineVerifier,
    audiences: Audiences,
    router: Router,
    _folder: TempDir,
}

impl Service {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("issuer.yaml");
        let text = format!(
            "{{apiVersion: portcullis.dev/v1alpha1, kind: TokenIssuer, metadata: {{name: p}}, \
             spec: {{oidc: {{issuer: '{ISSUER}'}}}}}}"
        );
        std::fs::write(&document, text).unwrap();
        let flags = format!(
            "audit --operations-listen 127.0.0.1:0 --data-dir {} --token-issuer {} \
             --audience audit --allowed-applications shop",
            folder.path().display(),
            document.display()
        );
        let settings = Settings::try_parse_from(flags.split(' ')).unwrap();
        let issuer = OidcSettings::new(ISSUER, &OidcKeys::Discovery, &[], ClaimNames::default());
        let generated = OfflineIssuer::new().unwrap();
        let offline = generated.oidc(issuer.unwrap(), TimeRules::default()).await;
        let audiences = Audiences::Exactly(vec!["audit".to_owned()]);
        let guard = Guard::with_verifier(offline.verifier(), audiences.clone());
        let database = Database::open(&settings.database, &schema(), DatabaseMetrics::default())
            .await
            .unwrap();
        let http = HttpService::new("audit", &settings.limits, &mut Registry::default());
        let router = router(database, settings.applications.list(), &http, |api| {
            guard.protect(api)
        });
        Self {
            generated,
            offline,
            audiences,
            router,
            _folder: folder,
        }
    }

    /// Sends a request with an application's token, whose claims `wanted` changes.
    async fn send(&self, method: &str, wanted: Value) -> (u16, Value) {
        let mut claims = json!({
            "sub": "machine 7", "client_id": "shop", "gty": "client-credentials", "amr": null,
            "roles": ["AuditLog.Write"],
        });
        for (name, value) in wanted.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims = claims.as_object().unwrap();
        let claims = self.offline.claims(&self.audiences, unix_now(), claims);
        let authorization = format!("Bearer {}", self.generated.sign(&claims).unwrap());
        let report =
            json!({ "action": "a", "resource_id": "7", "actor": "Zoë", "tenant_id": "elsewhere" });
        let request = request(
            &format!("{method} /audit"),
            &[("authorization", &authorization)],
            Some(&report),
        );
        let Answer { status, body, .. } = answer(self.router.clone(), request).await;
        (status, body)
    }
}

#[tokio::test]
async fn issuer_without_tenants_is_the_tenant_of_an_entry() {
    let service = Service::start().await;
    assert_eq!(service.send("POST", json!({})).await.0, 200);
    let (status, entries) = service.send("GET", json!({})).await;
    assert_eq!(status, 200, "{entries}");
    let entry = &entries[0];
    assert_eq!(
        (
            &entry["tenant_id"],
            &entry["actor"],
            &entry["caller_app_id"]
        ),
        (&json!(ISSUER), &json!("machine 7"), &json!("shop")),
        "{entry}"
    );
}

#[tokio::test]
async fn caller_of_another_issuer_meets_the_same_rules() {
    struct Case {
        name: &'static str,
        wanted: Value,
        status: u16,
        reason: &'static str,
    }
    let service = Service::start().await;
    for Case {
        name,
        wanted,
        status,
        reason,
    } in [
        Case {
            name: "a user",
            wanted: json!({"gty": null, "amr": ["pwd"]}),
            status: 403,
            reason: "caller_kind_not_allowed",
        },
        Case {
            name: "another application",
            wanted: json!({"client_id": "orders"}),
            status: 403,
            reason: "actor_not_allowed",
        },
        Case {
            name: "the application in another spelling",
            wanted: json!({"client_id": "Shop"}),
            status: 403,
            reason: "actor_not_allowed",
        },
        Case {
            name: "no role",
            wanted: json!({"roles": null}),
            status: 403,
            reason: "role_missing",
        },
        Case {
            name: "another API's token",
            wanted: json!({"aud": "orders"}),
            status: 401,
            reason: "audience_not_allowed",
        },
        Case {
            name: "another issuer's token",
            wanted: json!({"iss": "https://other.example"}),
            status: 401,
            reason: "issuer_not_allowed",
        },
    ] {
        let (answered, problem) = service.send("POST", wanted).await;
        assert_eq!(
            (answered, &problem["reason"]),
            (status, &json!(reason)),
            "{name}"
        );
    }
}
