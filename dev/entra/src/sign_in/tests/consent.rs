//! Consent of users and administrators, and that for a client and its API together.

use http::StatusCode;
use serde_json::json;

use super::super::test_browser::{Shown, TestBrowser, code_form, spa_request, token};
use super::ORIGIN;
use crate::fixture::{CONTOSO, DIRECTORY, Fixture, obo_form, with};

const ADA: (&str, &str) = ("user", "ada.admin@contoso.example");
const ALL_OF_TASK_API: &str = "openid api://3a5c0001-0000-4000-8000-000000000001/.default";
const GRANTS_OF_WEB: &str = "grants:
      task-api: { scopes: [access_as_user] }
      notification: { scopes: [Notify.Send] }
      other-api: { scopes: [Other.Read] }
";
const GRANT_OF_TASK_API: &str = "      notification: { scopes: [Notify.Send] }\n      audit";

/// Nobody has consented to anything. The web client asks for the task API, which asks for the
/// notification service.
fn without_consent(of_task_api: &str) -> Fixture {
    let text = DIRECTORY
        .replacen(
            GRANTS_OF_WEB,
            "requires: { task-api: [access_as_user] }\n",
            1,
        )
        .replacen(GRANT_OF_TASK_API, "      audit", 1)
        .replacen(
            "acceptV1Endpoint: true",
            &format!("requires: {{ notification: [Notify.Send] }}\n    {of_task_api}"),
            1,
        );
    Fixture::with_directory(&text)
}

/// The page after Ada has chosen her account.
async fn page_for_ada(browser: &mut TestBrowser<'_>, scope: &str) -> Shown {
    let page = browser
        .authorize(&with(&spa_request(), "scope", scope))
        .await;
    browser.submit(&page, &[ADA]).await
}

#[tokio::test]
async fn known_client_consents_for_its_api_too() {
    struct Case {
        name: &'static str,
        of_task_api: &'static str,
        is_known: bool,
    }

    for Case {
        name,
        of_task_api,
        is_known,
    } in [
        Case {
            name: "known client",
            of_task_api: "knownClientApplications: [web]",
            is_known: true,
        },
        Case {
            name: "unknown client",
            of_task_api: "knownClientApplications: []",
            is_known: false,
        },
    ] {
        let fixture = without_consent(of_task_api);
        let mut browser = TestBrowser::new(&fixture);
        let page = page_for_ada(&mut browser, ALL_OF_TASK_API).await;
        assert!(
            page.text.contains("access_as_user"),
            "{name}: {}",
            page.text
        );
        assert_eq!(page.text.contains("Notify.Send"), is_known, "{name}");
        let done = browser.submit(&page, &[("action", "consent")]).await;
        let (_, response) = done.redirect();
        let (status, reply) = token(&fixture, ORIGIN, &code_form(&response["code"])).await;
        assert_eq!(status, StatusCode::OK, "{name}: {reply}");
        let assertion = reply["access_token"].as_str().unwrap();
        let (_, reply) = fixture.token(CONTOSO, &obo_form(assertion)).await;
        let code = if is_known {
            json!(null)
        } else {
            json!([65001])
        };
        assert_eq!(reply["error_codes"], code, "{name}: {reply}");
    }
}

#[tokio::test]
async fn default_scope_of_an_unlisted_resource_is_denied() {
    let fixture = without_consent("acceptV1Endpoint: true");
    let mut browser = TestBrowser::new(&fixture);
    let scope = "api://3a5c0006-0000-4000-8000-000000000006/.default";
    let (_, response) = page_for_ada(&mut browser, scope).await.redirect();
    assert_eq!(response["error"], "invalid_resource");
    assert!(response["error_description"].starts_with("AADSTS650057:"));
    // Scopes by name can be asked for without the list, as in Entra (dynamic consent).
    let scope = "api://3a5c0006-0000-4000-8000-000000000006/Other.Read";
    let page = page_for_ada(&mut browser, scope).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
}

#[tokio::test]
async fn admin_scope_needs_an_administrator() {
    for (name, role, is_asked) in [
        ("user", "administrator: false", false),
        ("administrator", "administrator: true", true),
    ] {
        let text = DIRECTORY
            .replacen(
                "scopes: [access_as_user]\n",
                "scopes: [access_as_user]\n    adminScopes: [Manage.All]\n",
                1,
            )
            .replacen(
                "password: Admin-",
                &format!("{role}\n    password: Admin-"),
                1,
            );
        let fixture = Fixture::with_directory(&text);
        let mut browser = TestBrowser::new(&fixture);
        let scope = "api://3a5c0001-0000-4000-8000-000000000001/Manage.All";
        let page = page_for_ada(&mut browser, scope).await;
        assert_eq!(page.text.contains("AADSTS90094"), !is_asked, "{name}");
        if is_asked {
            let done = browser.submit(&page, &[("action", "consent")]).await;
            assert!(done.redirect().1.contains_key("code"), "{name}");
        }
    }
}
