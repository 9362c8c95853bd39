use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::post;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::JsonBody;
use crate::{BoundedText, PROBLEM_JSON};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    #[serde(rename = "title")]
    _title: BoundedText<5>,
}

async fn answer(body: &'static str) -> (StatusCode, String, Value) {
    let router = Router::new().route("/", post(|_: JsonBody<Title>| async { "stored" }));
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(Body::from(body));
    let response = router.oneshot(request.unwrap()).await.unwrap();
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), 4096).await.unwrap();
    (
        status,
        content_type,
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}

#[tokio::test(start_paused = true)]
async fn body_that_never_arrives_is_answered_with_408() {
    let router = Router::new().route("/", post(|_: JsonBody<Title>| async { "stored" }));
    let never = Body::from_stream(futures::stream::pending::<Result<&str, std::io::Error>>());
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(never);
    assert_eq!(
        router.oneshot(request.unwrap()).await.unwrap().status(),
        StatusCode::REQUEST_TIMEOUT
    );
}

#[tokio::test]
async fn invalid_body_is_a_problem_that_names_the_field() {
    struct Case {
        name: &'static str,
        body: &'static str,
        status: StatusCode,
        field: Value,
    }

    for Case {
        name,
        body,
        status,
        field,
    } in [
        Case {
            name: "not JSON",
            body: r#"{"title":"#,
            status: StatusCode::BAD_REQUEST,
            field: Value::Null,
        },
        Case {
            name: "number",
            body: r#"{"title":7}"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("title"),
        },
        Case {
            name: "too short",
            body: r#"{"title":""}"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("title"),
        },
        Case {
            name: "too long",
            body: r#"{"title":"sixsix"}"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("title"),
        },
        Case {
            name: "null character",
            body: r#"{"title":"a\u0000"}"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("title"),
        },
        Case {
            name: "no field",
            body: "{}",
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("title"),
        },
        Case {
            name: "array",
            body: r#"["a"]"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: Value::Null,
        },
        Case {
            name: "null",
            body: "null",
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: Value::Null,
        },
        Case {
            name: "field twice",
            body: r#"{"title":"a","title":"b"}"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("title"),
        },
        Case {
            name: "unknown field",
            body: r#"{"title":"a","extra":1}"#,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            field: json!("extra"),
        },
    ] {
        let (got, content_type, problem) = answer(body).await;
        assert_eq!(
            (got, content_type.as_str(), &problem["field"]),
            (status, PROBLEM_JSON, &field),
            "{name}: {body}"
        );
    }
    assert_eq!(answer(r#"{"title":"a"}"#).await.0, StatusCode::OK);
}

#[tokio::test]
async fn invalid_body_detail_says_what_the_field_takes() {
    struct Case {
        name: &'static str,
        body: &'static str,
        expected: &'static str,
    }

    for Case {
        name,
        body,
        expected,
    } in [
        Case {
            name: "not JSON",
            body: r#"{"title":"#,
            expected: "the body is not JSON: EOF while parsing a value at line 1 column 9",
        },
        Case {
            name: "number",
            body: r#"{"title":7}"#,
            expected: "title: takes a string, not a whole number",
        },
        Case {
            name: "too short",
            body: r#"{"title":""}"#,
            expected: "title: expected 1 to 5 characters, found 0",
        },
        Case {
            name: "no field",
            body: "{}",
            expected: "title: is missing",
        },
        Case {
            name: "array",
            body: r#"["a"]"#,
            expected: "the body: takes an object, not an array",
        },
        Case {
            name: "field twice",
            body: r#"{"title":"a","title":"b"}"#,
            expected: "title: is given twice",
        },
        Case {
            name: "unknown field",
            body: r#"{"title":"a","extra":1}"#,
            expected: "extra: is not a field; the fields are: title",
        },
    ] {
        assert_eq!(answer(body).await.2["detail"], expected, "{name}: {body}");
    }
    let router = Router::new().route("/", post(|_: JsonBody<Title>| async { "stored" }));
    let response = router
        .oneshot(Request::post("/").body(Body::from("{}")).unwrap())
        .await
        .unwrap();
    let problem: Value =
        serde_json::from_slice(&to_bytes(response.into_body(), 4096).await.unwrap()).unwrap();
    assert_eq!(
        problem["detail"],
        "send the body with Content-Type: application/json"
    );
}
