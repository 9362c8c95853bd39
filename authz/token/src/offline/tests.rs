use serde_json::{Map, Value, json};

use super::{OfflineIssuer, OfflineVerifier};
use crate::{
    Audiences, CallerKind, ClaimNames, EntraSettings, OidcKeys, OidcSettings, Reason, Tenants,
    TimeRules,
};

const NOW: u64 = 1_800_000_000;

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[tokio::test]
async fn offline_token_is_accepted_by_the_verifier() {
    struct Case<'a> {
        name: &'static str,
        verifier: OfflineVerifier,
        audiences: &'a Audiences,
        wanted: Value,
    }

    let issuer = OfflineIssuer::new().unwrap();
    let listed = Tenants::Listed(vec!["11111111-1111-4111-8111-111111111111".to_owned()]);
    let entra = |tenants| EntraSettings::new(EntraSettings::PUBLIC_CLOUD, tenants).unwrap();
    let oidc = OidcSettings::new(
        "https://id.example",
        &OidcKeys::Discovery,
        &["ES256".to_owned()],
        ClaimNames::default(),
    );
    let application = Audiences::Application("3a5c0001-0000-4000-8000-000000000001".to_owned());
    let named = Audiences::Exactly(vec!["shop".to_owned()]);
    for Case {
        name,
        verifier,
        audiences,
        wanted,
    } in [
        Case {
            name: "Entra, one tenant",
            verifier: issuer.entra(entra(listed), TimeRules::default()).await,
            audiences: &application,
            wanted: json!({"scp": "a", "roles": ["R"]}),
        },
        Case {
            name: "Entra, any organization, v1",
            verifier: issuer
                .entra(entra(Tenants::AnyOrganization), TimeRules::default())
                .await,
            audiences: &application,
            wanted: json!({"ver": "1.0", "scp": "a", "roles": ["R"]}),
        },
        Case {
            name: "another provider",
            verifier: issuer.oidc(oidc.unwrap(), TimeRules::default()).await,
            audiences: &named,
            wanted: json!({"scope": "a", "roles": ["R"]}),
        },
    ] {
        let claims = verifier.claims(audiences, NOW, &map(&wanted));
        let token = issuer.sign(&claims).unwrap();
        let verified = verifier
            .verifier()
            .verify(&token, audiences, NOW)
            .await
            .unwrap();
        assert!(
            verified.caller.kind == CallerKind::User && verified.caller.has_role("R"),
            "{name}: {claims}"
        );
        let unsigned = format!("{}.c2ln", token.rsplit_once('.').unwrap().0);
        assert!(
            verifier
                .judge_all_but_the_signature(&unsigned, audiences, NOW)
                .is_ok()
        );
        let denied = verifier
            .verifier()
            .verify(&unsigned, audiences, NOW)
            .await
            .unwrap_err();
        assert_eq!(
            denied.reason,
            Reason::SignatureInvalid,
            "{name}: an authz server judges the signature too"
        );
        let other = verifier.claims(audiences, NOW, &map(&json!({"aud": "other", "exp": null})));
        assert!(other.get("exp").is_none() && other["aud"] == "other");
    }
}
