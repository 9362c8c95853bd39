use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{AUDIT, CONTOSO, DIRECTORY, Fixture, decode};

const IMDS: &str = "/metadata/identity/oauth2/token?api-version=2018-02-01";
const APP_SERVICE: &str = "/msi/token?api-version=2019-08-01";
const RESOURCE: &str = "resource=api://3a5c0003-0000-4000-8000-000000000003";
/// The system-assigned identity of the development directory.
const WORKER: &str = "3a5c0008-0000-4000-8000-000000000008";
const REPORT: &str = "3a5c0009-0000-4000-8000-000000000009";
const REPORT_OBJECT: &str = "cccccccc-0009-4000-8000-000000000009";

async fn get(
    fixture: &Fixture,
    path: &str,
    headers: &[(&'static str, &str)],
) -> (StatusCode, Value) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = fixture.respond(request.body(Body::empty()).unwrap()).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn token_of_a_managed_identity_lives_24_hours_and_5_minutes() {
    let fixture = Fixture::new();
    let path = format!("{IMDS}&{RESOURCE}");
    let (status, reply) = get(&fixture, &path, &[("Metadata", "true")]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(
        (
            &reply["expires_in"],
            &reply["client_id"],
            &reply["token_type"]
        ),
        (&json!("86400"), &json!(WORKER), &json!("Bearer"))
    );
    let (_, claims) = decode(&reply["access_token"]);
    for (claim, value) in [
        ("aud", json!(AUDIT)),
        ("azp", json!(WORKER)),
        ("azpacr", json!("2")),
        ("tid", json!(CONTOSO)),
        ("oid", json!("cccccccc-0008-4000-8000-000000000008")),
        ("roles", json!(["AuditLog.Write"])),
        ("idtyp", json!("app")),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    assert!(claims["xms_mirid"].as_str().unwrap().ends_with("/worker"));
    let life = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
    assert_eq!(life, 24 * 3600 + 300);
    assert_eq!(reply["expires_on"], claims["exp"].to_string());
}

#[tokio::test]
async fn identity_is_selected_by_each_of_its_ids() {
    let fixture = Fixture::new();
    let by_resource = "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/dev/\
                       providers/Microsoft.ManagedIdentity/userAssignedIdentities/report";
    for (name, selector, client) in [
        ("system-assigned", String::new(), WORKER),
        ("client id", format!("&client_id={REPORT}"), REPORT),
        ("object id", format!("&object_id={REPORT_OBJECT}"), REPORT),
        (
            "principal",
            format!("&principal_id={REPORT_OBJECT}"),
            REPORT,
        ),
        (
            "IMDS's resource id",
            format!("&msi_res_id={by_resource}"),
            REPORT,
        ),
        ("resource id", format!("&mi_res_id={by_resource}"), REPORT),
    ] {
        let query = format!("&{RESOURCE}{selector}");
        let imds = format!("{IMDS}{query}");
        let (_, reply) = get(&fixture, &imds, &[("Metadata", "true")]).await;
        assert_eq!(reply["client_id"], client, "IMDS, {name}: {reply}");
        let app_service = format!("{APP_SERVICE}{query}");
        let header = ("X-IDENTITY-HEADER", "development-identity-header");
        let (_, reply) = get(&fixture, &app_service, &[header]).await;
        assert_eq!(reply["client_id"], client, "App Service, {name}: {reply}");
    }
}

#[tokio::test]
async fn requests_that_azure_denies_are_denied() {
    struct Case {
        name: &'static str,
        path: String,
        header: (&'static str, &'static str),
        status: StatusCode,
        /// `error` of IMDS, or a part of the message of App Service.
        error: &'static str,
    }

    let metadata = ("Metadata", "true");
    let imds = |name, query: &str, header, error| Case {
        name,
        path: format!("/metadata/identity/oauth2/token?{query}"),
        header,
        status: StatusCode::BAD_REQUEST,
        error,
    };
    let version = "api-version=2018-02-01";
    let good = format!("{version}&{RESOURCE}");
    let fixture = Fixture::new();
    for Case {
        name,
        path,
        header,
        status,
        error,
    } in [
        imds("no header", &good, ("Accept", "*/*"), "bad_request_102"),
        imds("no resource", version, metadata, "invalid_request"),
        imds("no version", RESOURCE, metadata, "invalid_request"),
        imds(
            "unknown resource",
            &format!("{version}&resource=api://x"),
            metadata,
            "invalid_resource",
        ),
        imds(
            "an application that is no managed identity",
            &format!("{good}&client_id={AUDIT}"),
            metadata,
            "invalid_request",
        ),
        imds(
            "two names",
            &format!("{good}&client_id={REPORT}&object_id={REPORT_OBJECT}"),
            metadata,
            "invalid_request",
        ),
        Case {
            name: "App Service without its header",
            path: format!("{APP_SERVICE}&{RESOURCE}"),
            header: metadata,
            status: StatusCode::UNAUTHORIZED,
            error: "X-IDENTITY-HEADER",
        },
        Case {
            name: "App Service with another header",
            path: format!("{APP_SERVICE}&{RESOURCE}"),
            header: ("X-IDENTITY-HEADER", "other"),
            status: StatusCode::UNAUTHORIZED,
            error: "X-IDENTITY-HEADER",
        },
    ] {
        let (got, reply) = get(&fixture, &path, &[header]).await;
        assert_eq!(got, status, "{name}: {reply}");
        let found = reply["error"].as_str().or(reply["message"].as_str());
        assert!(found.unwrap().contains(error), "{name}: {reply}");
    }
    let forwarded = [metadata, ("X-Forwarded-For", "192.0.2.1")];
    let path = format!("{IMDS}&{RESOURCE}");
    let (status, _) = get(&fixture, &path, &forwarded).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "forwarded");
}

#[tokio::test]
async fn unnamed_identity_must_be_the_only_one() {
    let path = format!("{IMDS}&{RESOURCE}");
    let text = DIRECTORY.replacen("    systemAssigned: true\n", "", 1);
    let fixture = Fixture::with_directory(&text);
    let (status, reply) = get(&fixture, &path, &[("Metadata", "true")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{reply}");
    let description = reply["error_description"].as_str().unwrap();
    assert!(description.contains("Multiple user assigned"), "{reply}");
}
