//! The tokens of agent identities.

use http::StatusCode;
use serde_json::{Value, json};

use super::assert_claims;
use crate::fixture::{
    ADA, AUDIT, CONTOSO, Fixture, NOTIFICATION, OBO, TASK_API, credentials_form, decode,
    password_form, with,
};

const BLUEPRINT: &str = "3a5c000a-0000-4000-8000-00000000000a";
const AGENT: &str = "3a5c000b-0000-4000-8000-00000000000b";
const EXCHANGE: &str = "api://AzureADTokenExchange/.default";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The form with which the blueprint gets a token for its agent.
fn exchange_form() -> Vec<(&'static str, &'static str)> {
    let form = credentials_form(BLUEPRINT, "assistant-secret");
    with(&with(&form, "scope", EXCHANGE), "fmi_path", AGENT)
}

async fn exchange_token(fixture: &Fixture) -> String {
    let (status, reply) = fixture.token(CONTOSO, &exchange_form()).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply["access_token"].as_str().unwrap().to_owned()
}

/// The form with which the agent gets its own token.
fn agent_form(assertion: &str) -> Vec<(&str, &str)> {
    let form = with(&credentials_form(AGENT, ""), "client_secret", "");
    let form = with(&form, "client_assertion_type", JWT_BEARER);
    with(&form, "client_assertion", assertion)
}

#[tokio::test]
async fn agent_acts_as_itself_with_a_token_of_its_blueprint() {
    let fixture = Fixture::new();
    let assertion = exchange_token(&fixture).await;
    let (_, claims) = decode(&json!(assertion));
    assert_eq!(claims["azp"], BLUEPRINT);
    assert!(claims["sub"].as_str().unwrap().ends_with(AGENT), "{claims}");
    let (status, reply) = fixture.token(CONTOSO, &agent_form(&assertion)).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_claims(
        &decode(&reply["access_token"]).1,
        &json!({
            "aud": AUDIT, "azp": AGENT, "azpacr": "2", "idtyp": "app",
            "oid": "cccccccc-000b-4000-8000-00000000000b", "roles": ["AuditLog.Write"],
            "xms_act_fct": "11", "xms_sub_fct": "11", "xms_idrel": "7",
            "xms_par_app_azp": BLUEPRINT,
        }),
    );
}

#[tokio::test]
async fn agent_acts_on_behalf_of_a_user_of_its_blueprint() {
    let fixture = Fixture::new();
    let scope = format!("api://{BLUEPRINT}/access_as_user");
    let (_, reply) = fixture
        .token(CONTOSO, &with(&password_form(), "scope", &scope))
        .await;
    let user = reply["access_token"].as_str().unwrap();
    let assertion = exchange_token(&fixture).await;
    let scope = format!("api://{NOTIFICATION}/Notify.Send");
    let form = with(&agent_form(&assertion), "grant_type", OBO);
    let form = with(&with(&form, "assertion", user), "scope", &scope);
    let form = with(&form, "requested_token_use", "on_behalf_of");
    let (status, reply) = fixture.token(CONTOSO, &form).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_claims(
        &decode(&reply["access_token"]).1,
        &json!({
            "aud": NOTIFICATION, "azp": AGENT, "oid": ADA, "scp": "Notify.Send",
            "xms_act_fct": "11", "xms_sub_fct": null, "xms_idrel": "1",
            "xms_par_app_azp": BLUEPRINT,
        }),
    );
}

#[tokio::test]
async fn other_applications_have_no_claims_of_agents() {
    let fixture = Fixture::new();
    let form = credentials_form(TASK_API, "task-api-secret");
    let (_, reply) = fixture.token(CONTOSO, &form).await;
    let (_, claims) = decode(&reply["access_token"]);
    for claim in ["xms_act_fct", "xms_sub_fct", "xms_idrel", "xms_par_app_azp"] {
        assert_eq!(claims[claim], Value::Null, "{claim}");
    }
}

#[tokio::test]
async fn agent_is_denied_without_a_token_of_its_blueprint_for_it() {
    let fixture = Fixture::new();
    let user = fixture.user_token().await;
    let (_, reply) = fixture
        .token(CONTOSO, &with(&exchange_form(), "fmi_path", ""))
        .await;
    let for_no_agent = reply["access_token"].as_str().unwrap();
    let good = exchange_token(&fixture).await;
    let (signed, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.AAAA");
    for (name, assertion, code) in [
        ("a user's token", user.as_str(), 700_212),
        ("token of the blueprint itself", for_no_agent, 700_213),
        ("forged token", forged.as_str(), 700_027),
    ] {
        let (_, reply) = fixture.token(CONTOSO, &agent_form(assertion)).await;
        assert_eq!(reply["error_codes"], json!([code]), "{name}: {reply}");
    }
    let secret = credentials_form(AGENT, "assistant-secret");
    let (_, reply) = fixture.token(CONTOSO, &secret).await;
    assert_eq!(
        reply["error_codes"],
        json!([7_000_215]),
        "secret of the blueprint"
    );
    for (name, form) in [
        (
            "agent of another application",
            with(&exchange_form(), "fmi_path", TASK_API),
        ),
        (
            "another resource",
            with(
                &exchange_form(),
                "scope",
                "api://3a5c0003-0000-4000-8000-000000000003/.default",
            ),
        ),
    ] {
        let (_, reply) = fixture.token(CONTOSO, &form).await;
        assert_eq!(reply["error_codes"], json!([9_002_313]), "{name}: {reply}");
    }
}
