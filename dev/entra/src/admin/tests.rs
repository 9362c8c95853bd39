use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::fixture::{CONTOSO, Fixture, TASK_API, decode, password_form};
use crate::router::router;

const KEYS: &str = "/11111111-1111-4111-8111-111111111111/discovery/v2.0/keys";

/// A token of Ada for the task API.
fn minted(defects: &Value) -> Value {
    json!({
        "user": "ada.admin@contoso.example",
        "client": "web",
        "resource": "task-api",
        "scopes": ["access_as_user"],
        "defects": defects,
    })
}

#[tokio::test]
async fn endpoints_for_tests_are_absent_from_the_port_of_traffic() {
    let fixture = Fixture::new();
    for path in ["/dev/sign", "/dev/rotate", "/dev/faults", "/dev/clock"] {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = router(fixture.live.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn admin_listener_denies_browsers() {
    let fixture = Fixture::new();
    let request = |origin: Option<&str>| {
        let mut request = Request::post("/dev/rotate");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.body(Body::empty()).unwrap()
    };
    let from_page = fixture.respond(request(Some("https://page.example"))).await;
    assert_eq!(from_page.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        fixture.respond(request(None)).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn minted_token_has_the_chosen_defects() {
    struct Case {
        name: &'static str,
        defects: Value,
        has_defect: fn(&Value, &Value) -> bool,
    }

    let fixture = Fixture::new();
    let case = |name, has_defect| Case {
        name,
        defects: json!([name]),
        has_defect,
    };
    let cases = [
        case("expired", |_, claims| {
            claims["exp"].as_i64().unwrap() < crate::clock::now() - 3600
        }),
        case("wrong-audience", |_, claims| claims["aud"] != TASK_API),
        case("unknown-kid", |header, _| {
            header["kid"].as_str().unwrap().len() == 36
        }),
        case("weak-key", |header, _| header["kid"] == "weak-1024"),
        case("groups-overage", |_, claims| {
            let source = &claims["_claim_sources"]["src1"]["endpoint"];
            claims["_claim_names"]["groups"] == "src1"
                && source.as_str().unwrap().ends_with("/getMemberObjects")
        }),
    ];
    let good = fixture.post_json("/dev/tokens", &minted(&json!([]))).await;
    let (good_header, good_claims) = decode(&good.1["token"]);
    assert_eq!(good_claims["aud"], TASK_API);
    assert_eq!(good_claims["scp"], "access_as_user");
    for Case {
        name,
        defects,
        has_defect,
    } in cases
    {
        let (status, body) = fixture.post_json("/dev/tokens", &minted(&defects)).await;
        assert_eq!(status, StatusCode::OK, "{name}: {body}");
        let (header, claims) = decode(&body["token"]);
        assert!(has_defect(&header, &claims), "{name}: {header} {claims}");
        assert!(
            name == "expired" || !has_defect(&good_header, &good_claims),
            "{name}: a good token has it too"
        );
    }
}

#[tokio::test]
async fn weak_key_is_published_until_keys_are_retired() {
    let fixture = Fixture::new();
    let has_weak = async || {
        let keys = fixture.get(KEYS).await.1;
        keys.to_string().contains("weak-1024")
    };
    assert!(!has_weak().await);
    let weak = minted(&json!(["weak-key"]));
    fixture.post_json("/dev/tokens", &weak).await;
    assert!(has_weak().await);
    fixture.post_json("/dev/retire", &Value::Null).await;
    assert!(!has_weak().await);
}

#[tokio::test]
async fn mint_rejects_unknown_names_by_field() {
    let fixture = Fixture::new();
    for field in ["user", "client", "resource"] {
        let mut wanted = minted(&json!([]));
        wanted[field] = "nobody".into();
        let (status, problem) = fixture.post_json("/dev/tokens", &wanted).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let wanted = minted(&json!(["unheard-of"]));
    let (status, _) = fixture.post_json("/dev/tokens", &wanted).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn fault_answers_the_next_requests_of_its_endpoint() {
    let fixture = Fixture::new();
    let fault = json!({"endpoint": "/keys", "times": 2, "status": 503, "retryAfter": 1});
    fixture.post_json("/dev/faults", &fault).await;
    let metadata = format!("/{CONTOSO}/v2.0/.well-known/openid-configuration");
    assert_eq!(fixture.get(&metadata).await.0, StatusCode::OK);
    for expected in [503, 503, 200] {
        assert_eq!(fixture.get(KEYS).await.0, expected);
    }

    let challenge = json!({"resource": TASK_API, "context": "c1"});
    let fault = json!({"endpoint": "/token", "challenge": challenge});
    fixture.post_json("/dev/faults", &fault).await;
    let (status, denied) = fixture.token(CONTOSO, &password_form()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(denied["error_codes"], json!([50076]));
    assert!(denied["claims"].as_str().unwrap().contains("c1"));
    assert_eq!(fixture.token(CONTOSO, &password_form()).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn fault_without_status_only_delays() {
    let fixture = Fixture::new();
    let fault = json!({"delayMs": 20_000});
    fixture.post_json("/dev/faults", &fault).await;
    let before = tokio::time::Instant::now();
    assert_eq!(fixture.get(KEYS).await.0, StatusCode::OK);
    assert!(before.elapsed().as_secs() >= 20);
}

#[tokio::test]
async fn faults_are_listed_removed_and_checked() {
    let fixture = Fixture::new();
    let fault = json!({"endpoint": "/token", "status": 500});
    fixture.post_json("/dev/faults", &fault).await;
    let listed = fixture.get("/dev/faults").await.1;
    assert_eq!(listed["faults"][0]["times"], 1);
    let delete = Request::delete("/dev/faults").body(Body::empty()).unwrap();
    fixture.respond(delete).await;
    assert_eq!(fixture.get("/dev/faults").await.1["faults"], json!([]));
    for (field, fault) in [
        ("status", json!({"status": 200})),
        ("status", json!({"endpoint": "/token"})),
        ("times", json!({"status": 500, "times": 0})),
        ("times", json!({"status": 500, "times": 10_001})),
        ("delayMs", json!({"delayMs": 60_001})),
    ] {
        let (status, problem) = fixture.post_json("/dev/faults", &fault).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
        assert_eq!(problem["field"], field, "{fault}");
    }
}

#[tokio::test]
async fn clock_shifts_tokens_and_their_expiry() {
    let fixture = Fixture::new();
    let old = fixture.user_token().await;
    let offset = json!({"offsetSeconds": 7200});
    fixture.post_json("/dev/clock", &offset).await;
    let (_, claims) = decode(&fixture.user_token().await.into());
    let ahead = claims["iat"].as_i64().unwrap() - crate::clock::now();
    assert!((7100..=7200).contains(&ahead), "{ahead}");
    let form = crate::fixture::obo_form(&old);
    let (_, denied) = fixture.token(CONTOSO, &form).await;
    assert_eq!(denied["error_codes"], json!([500_133]));
    let offset = json!({"offsetSeconds": i64::MAX});
    let (status, _) = fixture.post_json("/dev/clock", &offset).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
