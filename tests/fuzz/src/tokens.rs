use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_token::{
    Algorithm, Audiences, EntraSettings, KeySet, OfflineIssuer, OfflineVerifier, Tenants,
    TimeRules, open,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const NOW: u64 = 1_800_000_000;
const API: &str = "3a5c0001-0000-4000-8000-000000000001";
const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const KEY: &str = r#"{"keys":[{
    "kty":"EC","crv":"P-256","kid":"k",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
}]}"#;

/// Verifies a token with any JOSE header.
///
/// Every token is denied, because none has a signature of the key.
pub fn jose_header(header: &[u8]) {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    let keys = KEYS.get_or_init(|| KeySet::parse(KEY.as_bytes(), &Algorithm::ALL).unwrap());
    let token = format!(
        "{}.e30.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode([7; 64])
    );
    assert!(open(&token, keys, &Algorithm::ALL).is_err());
}

/// Returns the verifier, and the runtime of its tasks.
fn verifier() -> &'static (OfflineVerifier, Runtime) {
    static VERIFIER: OnceLock<(OfflineVerifier, Runtime)> = OnceLock::new();
    VERIFIER.get_or_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let tenants = Tenants::Listed(vec![TENANT.to_owned()]);
        let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, tenants).unwrap();
        let verifier = runtime.block_on(async {
            OfflineIssuer::new()
                .unwrap()
                .entra(settings, TimeRules::default())
                .await
        });
        (verifier, runtime)
    })
}

/// Verifies any claims, except for their signature.
///
/// The caller of accepted claims is the caller that `serde_json` reads from the same bytes.
pub fn claims(claims: &[u8]) {
    let token = format!(
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.{}.c2ln",
        URL_SAFE_NO_PAD.encode(claims)
    );
    let audiences = Audiences::Application(API.to_owned());
    if let Ok(verified) = verifier()
        .0
        .judge_all_but_the_signature(&token, &audiences, NOW)
    {
        let read: Value = serde_json::from_slice(claims).unwrap();
        let string = |name: &str| read[name].as_str().unwrap_or_default();
        assert_eq!(
            (
                verified.caller.tenant.as_str(),
                verified.caller.object_id.as_str()
            ),
            (TENANT, string("oid"))
        );
        assert!(
            string("tid") == TENANT && string("aud").contains(API) && verified.valid.contains(&NOW)
        );
        let roles = read["roles"].as_array().map_or(0, Vec::len);
        assert_eq!(verified.caller.roles.len(), roles);
        assert_eq!(verified.caller.scopes.is_empty(), read.get("scp").is_none());
    }
}
