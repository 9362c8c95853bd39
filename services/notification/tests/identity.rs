//! Tests of callers with a real issuer, a real assertion signer and the real guard.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use dev_service::{Answer, Audience, CONTOSO, GuardedService, Ids};
use notification::{NotificationProgram, router, schema};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::{Value, json};

const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
const NOTIFICATION: &str = "3a5c0002-0000-4000-8000-000000000002";
const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";

const IDS: Ids<'_> = Ids {
    client: NOTIFICATION,
    allowed: TASK_API,
};

async fn start() -> GuardedService {
    GuardedService::start::<NotificationProgram>(
        IDS,
        schema(),
        |database, applications, http, guard| {
            router(database, applications, http, |api| guard.protect(api))
        },
    )
    .await
}

/// Claims of a token for this service that the task API obtained on Ada's behalf.
fn claims(service: &GuardedService) -> Value {
    let now = unix_now();
    json!({
        "iss": service.trusted.issuer_of_version_2(), "aud": NOTIFICATION, "tid": CONTOSO,
        "ver": "2.0", "oid": "aaaaaaaa-0001-4000-8000-000000000001", "azp": TASK_API,
        "name": "Ada", "scp": "Notify.Send", "preferred_username": "ada@contoso.example",
        "nbf": now, "iat": now, "exp": now + 3600,
    })
}

/// The same claims in the format of version 1, which names the user in `upn`.
async fn claims_of_version_1(service: &GuardedService) -> Value {
    let mut claims = service.trusted.in_version_1(claims(service)).await;
    claims["upn"] = claims
        .as_object_mut()
        .unwrap()
        .remove("preferred_username")
        .unwrap();
    claims
}

fn notice() -> Value {
    json!({ "event": "task_created", "task_title": "t" })
}

async fn notify_with(service: &GuardedService, claims: &Value) -> Answer {
    service.send_with(claims, "POST /notify", &notice()).await
}

#[tokio::test]
async fn defects_1_and_2_trusted_gateway_still_requires_token_or_assertion() {
    let service = start().await;
    let sent = notify_with(&service, &claims(&service)).await;
    assert_eq!(sent.status, 200);
    let headers = [
        ("x-user-oid", "o"),
        ("x-tenant-id", CONTOSO),
        ("x-user-name", "Eve"),
        ("x-user-email", "eve@x.example"),
    ];
    service
        .send("POST /notify", &headers, &notice())
        .await
        .assert_problem(401, "token_missing", "identity headers alone");
}

#[tokio::test]
async fn defect_4_email_is_read_from_tokens_of_both_versions() {
    let service = start().await;
    let sent = notify_with(&service, &claims(&service)).await;
    assert_eq!(sent.body["to"], "ada@contoso.example");
    let mut first = claims_of_version_1(&service).await;
    let sent = notify_with(&service, &first).await;
    assert_eq!(
        (sent.status, &sent.body["to"]),
        (200, &json!("ada@contoso.example")),
        "{}",
        sent.body
    );
    first.as_object_mut().unwrap().remove("upn");
    assert_eq!(notify_with(&service, &first).await.body["to"], "Ada");
}

#[tokio::test]
async fn defect_7_actor_is_read_from_the_token() {
    let service = start().await;
    let mut claims = claims(&service);
    claims["azp"] = json!(WEB);
    notify_with(&service, &claims)
        .await
        .assert_problem(403, "actor_not_allowed", "the web client");
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
        let mut claims = if version == 1 {
            claims_of_version_1(&service).await
        } else {
            claims(&service)
        };
        claims["aud"] = json!(audience);
        let answer = notify_with(&service, &claims).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
}

/// A caller of an assertion, and a member of the answer.
struct Asserted {
    name: &'static str,
    caller: Caller,
    status: u16,
    member: &'static str,
    value: &'static str,
}

fn asserted() -> [Asserted; 3] {
    let user = Caller {
        tenant: CONTOSO.to_owned(),
        object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
        kind: CallerKind::User,
        actor: Some(TASK_API.to_owned()),
        name: Some("Zoë, Ångström".to_owned()),
        email: None,
        roles: Vec::new(),
        scopes: vec!["Notify.Send".to_owned()],
    };
    [
        Asserted {
            name: "user without the scope",
            caller: Caller {
                scopes: vec!["access_as_user".to_owned()],
                ..user.clone()
            },
            status: 403,
            member: "reason",
            value: "scope_missing",
        },
        Asserted {
            name: "through an application that is not listed",
            caller: Caller {
                actor: Some(WEB.to_owned()),
                ..user.clone()
            },
            status: 403,
            member: "reason",
            value: "actor_not_allowed",
        },
        Asserted {
            name: "user with the scope",
            caller: user,
            status: 200,
            member: "to",
            value: "Zoë, Ångström",
        },
    ]
}

#[tokio::test]
async fn defect_10_scope_actor_and_name_come_from_the_assertion() {
    let service = start().await;
    for Asserted {
        name,
        caller,
        status,
        member,
        value,
    } in asserted()
    {
        let line = "POST /notify";
        let assertion = service
            .trusted
            .assertion("notification", &caller, line, name);
        // The service ignores identity headers beside the assertion.
        let headers = [
            ("x-portcullis-assertion", assertion.as_str()),
            ("x-user-name", "Eve"),
            ("x-user-email", "eve@x.example"),
        ];
        let answer = service.send(line, &headers, &notice()).await;
        assert_eq!(
            (answer.status, &answer.body[member]),
            (status, &json!(value)),
            "{name}"
        );
    }
}
