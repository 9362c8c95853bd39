use portcullis_token::EntraVersion;
use serde_json::{Value, json};

use super::signing::{Keys, jwk};
use super::{CLOUD, FOREIGN_TENANT, KEY_ID, SECOND_TENANT, TENANT, issuer_of};

/// The path of the attacker's own key set.
pub(super) const ATTACKER_KEYS: &str = "/attacker/keys";

/// Returns the document at `path`, if there is one.
pub(super) fn published(authority: &str, keys: &Keys, path: &str) -> Option<Value> {
    if path == ATTACKER_KEYS {
        return Some(
            json!({ "keys": [jwk("attacker", &keys.attacker), jwk(KEY_ID, &keys.attacker)] }),
        );
    }
    let (segment, rest) = path.strip_prefix('/')?.split_once('/')?;
    let tenant = match segment {
        TENANT | SECOND_TENANT => segment,
        "organizations" => "{tenantid}",
        _ => return None,
    };
    let metadata = |version, keys: &str| {
        let keys = format!("{authority}/{segment}/{keys}");
        json!({
            "issuer": issuer_of(version, tenant),
            "jwks_uri": keys,
            "cloud_instance_name": CLOUD,
        })
    };
    match rest {
        ".well-known/openid-configuration" => Some(metadata(EntraVersion::V1, "discovery/keys")),
        "v2.0/.well-known/openid-configuration" => {
            Some(metadata(EntraVersion::V2, "discovery/v2.0/keys"))
        }
        "discovery/keys" => Some(key_set(keys, None, EntraVersion::V1)),
        "discovery/v2.0/keys" => Some(key_set(keys, Some(tenant), EntraVersion::V2)),
        _ => None,
    }
}

/// Returns a key set with the good key and with keys that must not verify.
///
/// It has a key bound to another tenant, a key bound to each of two clouds, and the good key again
/// with each mistake that makes a key unusable.
fn key_set(keys: &Keys, bound_to: Option<&str>, version: EntraVersion) -> Value {
    let with = |kid: &str, member: &str, value: Value| {
        let mut jwk = jwk(kid, &keys.good);
        jwk[member] = value;
        jwk
    };
    let mut good = jwk(KEY_ID, &keys.good);
    if let Some(tenant) = bound_to {
        good["issuer"] = issuer_of(version, tenant).into();
    }
    let mut foreign = jwk("foreign", &keys.foreign);
    foreign["issuer"] = issuer_of(version, FOREIGN_TENANT).into();
    let own_cloud = with("own-cloud", "cloud_instance_name", json!(CLOUD));
    let other_cloud = with(
        "other-cloud",
        "cloud_instance_name",
        json!("microsoftonline.us"),
    );
    let mut list = vec![
        good,
        foreign,
        own_cloud,
        other_cloud,
        jwk("twice", &keys.good),
        jwk("twice", &keys.good),
    ];
    list.extend([
        with("encryption", "use", json!("enc")),
        with("signs-only", "key_ops", json!(["sign"])),
        with("for-ps256", "alg", json!("PS256")),
        with("for-hs256", "alg", json!("HS256")),
        with("secret", "kty", json!("oct")),
        with("private", "d", json!("AQAB")),
        with("exponent-one", "e", json!("AQ")),
        with("short", "n", json!("AQAB")),
    ]);
    json!({ "keys": list })
}
