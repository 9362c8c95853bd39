//! Tests of callers with a real issuer, a real assertion signer and the real guard.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use audit::{AuditProgram, router, schema};
use dev_service::{Audience, CONTOSO, GuardedService, Ids};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::{Value, json};

const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
const AUDIT: &str = "3a5c0003-0000-4000-8000-000000000003";
const OTHER: &str = "3a5c0005-0000-4000-8000-000000000005";
const PRINCIPAL: &str = "cccccccc-0001-4000-8000-000000000001";

const IDS: Ids<'_> = Ids {
    client: AUDIT,
    allowed: TASK_API,
};

async fn start() -> GuardedService {
    GuardedService::start::<AuditProgram>(IDS, schema(), |database, applications, http, guard| {
        router(database, applications, http, |api| guard.protect(api))
    })
    .await
}

/// Claims of the task API's own token for this service.
fn claims(service: &GuardedService) -> Value {
    let now = unix_now();
    json!({
        "iss": service.trusted.issuer_of_version_2(), "aud": AUDIT, "tid": CONTOSO, "ver": "2.0",
        "oid": PRINCIPAL, "sub": PRINCIPAL, "azp": TASK_API, "idtyp": "app",
        "roles": ["AuditLog.Write"], "nbf": now, "iat": now, "exp": now + 3600,
    })
}

fn report() -> Value {
    json!({ "action": "a", "resource_id": "7", "actor": "Zoë", "tenant_id": "elsewhere" })
}

/// A verified caller whom the service denies.
struct Denied {
    name: &'static str,
    claims: Value,
    reason: &'static str,
}

fn denied(service: &GuardedService) -> [Denied; 3] {
    let mut user = claims(service);
    user["scp"] = json!("access_as_user");
    user["name"] = json!("Ada");
    user.as_object_mut().unwrap().remove("idtyp");
    let mut unlisted = claims(service);
    unlisted["azp"] = json!(OTHER);
    let mut other_role = claims(service);
    other_role["roles"] = json!(["Admin"]);
    [
        Denied {
            name: "user",
            claims: user,
            reason: "caller_kind_not_allowed",
        },
        Denied {
            name: "application that is not listed",
            claims: unlisted,
            reason: "actor_not_allowed",
        },
        Denied {
            name: "application with another role",
            claims: other_role,
            reason: "role_missing",
        },
    ]
}

#[tokio::test]
async fn defects_1_and_2_trusted_gateway_still_requires_token_or_assertion() {
    let service = start().await;
    let written = service
        .send_with(&claims(&service), "POST /audit", &report())
        .await;
    assert_eq!(written.status, 200);
    let headers = [
        ("x-user-oid", PRINCIPAL),
        ("x-tenant-id", CONTOSO),
        ("x-user-roles", "AuditLog.Write"),
    ];
    for line in ["GET /audit", "POST /audit"] {
        service
            .send(line, &headers, &report())
            .await
            .assert_problem(401, "token_missing", line);
    }
}

#[tokio::test]
async fn defect_7_user_or_unlisted_application_is_denied_by_its_token() {
    let service = start().await;
    for Denied {
        name,
        claims,
        reason,
    } in denied(&service)
    {
        service
            .send_with(&claims, "POST /audit", &report())
            .await
            .assert_problem(403, reason, name);
    }
}

#[tokio::test]
async fn defect_9_audience_of_version_1_may_be_the_id_or_its_uri() {
    let service = start().await;
    for Audience {
        name,
        version,
        audience,
        status,
    } in IDS.audiences()
    {
        let mut claims = claims(&service);
        if version == 1 {
            claims = service.trusted.in_version_1(claims).await;
        }
        claims["aud"] = json!(audience);
        let answer = service.send_with(&claims, "POST /audit", &report()).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn defect_10_entry_behind_the_authz_server_names_the_application() {
    let service = start().await;
    let caller = Caller {
        tenant: CONTOSO.to_owned(),
        object_id: PRINCIPAL.to_owned(),
        kind: CallerKind::Application,
        actor: Some(TASK_API.to_owned()),
        name: None,
        email: None,
        roles: vec!["AuditLog.Write".to_owned()],
        scopes: Vec::new(),
    };
    let send = async |line: &str| {
        let assertion = service.trusted.assertion("audit", &caller, line, line);
        // The service ignores identity headers beside the assertion.
        let headers = [
            ("x-portcullis-assertion", assertion.as_str()),
            ("x-tenant-id", "other"),
            ("x-user-oid", "other"),
        ];
        let answer = service.send(line, &headers, &report()).await;
        assert_eq!(answer.status, 200, "{line}: {}", answer.body);
        answer.body
    };
    send("POST /audit").await;
    let entry = &send("GET /audit").await[0];
    let proved = (
        &entry["caller_app_id"],
        &entry["actor"],
        &entry["tenant_id"],
    );
    assert_eq!(
        proved,
        (&json!(TASK_API), &json!(PRINCIPAL), &json!(CONTOSO)),
        "{entry}"
    );
    assert_eq!(
        (&entry["reported_actor"], &entry["reported_tenant"]),
        (&json!("Zoë"), &json!("elsewhere"))
    );
}
