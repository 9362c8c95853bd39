use aws_lc_rs::rsa::KeyPair;
use portcullis_token::EntraVersion::{V1, V2};
use serde_json::{Value, json};

use crate::issuer::{API, CLIENT, KEY_ID, NOW, TENANT, issuer_of, sign};

const USER: &str = "aaaaaaaa-0001-4000-8000-000000000001";

/// A good token before its signature, for a test to spoil.
#[derive(Clone)]
pub struct Draft {
    pub name: &'static str,
    /// Whether it is a user's token rather than an application's.
    pub user: bool,
    /// The claim that names the client.
    pub actor: &'static str,
    pub header: Value,
    pub claims: Value,
}

impl Draft {
    /// Returns the four kinds of access tokens that Entra issues.
    pub fn all() -> [Self; 4] {
        [
            Self::v2(
                "v2 user",
                true,
                &json!({"name": "Ada", "preferred_username": "ada@contoso.example"}),
            ),
            Self::v1(
                "v1 user",
                true,
                &json!({"name": "Ada", "unique_name": "ada@contoso.example"}),
            ),
            Self::v2("v2 application", false, &json!({"idtyp": "app"})),
            Self::v1("v1 application", false, &json!({"idtyp": "app"})),
        ]
    }

    fn v2(name: &'static str, user: bool, more: &Value) -> Self {
        let issuer = issuer_of(V2, TENANT);
        let own = json!({"ver": "2.0", "iss": issuer, "aud": API, "azp": CLIENT, "azpacr": "1"});
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID});
        Self {
            name,
            user,
            actor: "azp",
            header,
            claims: claims(user, [&own, more]),
        }
    }

    /// Version 1 tokens name the key twice (`kid`, `x5t`) and the API by its URI.
    fn v1(name: &'static str, user: bool, more: &Value) -> Self {
        let issuer = issuer_of(V1, TENANT);
        let audience = format!("api://{API}");
        let own =
            json!({"ver": "1.0", "iss": issuer, "aud": audience, "appid": CLIENT, "appidacr": "1"});
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID, "x5t": KEY_ID});
        Self {
            name,
            user,
            actor: "appid",
            header,
            claims: claims(user, [&own, more]),
        }
    }

    pub fn claim(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        changed.claims[name] = value.into();
        changed
    }

    pub fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.claims.as_object_mut().unwrap().remove(name);
        changed
    }

    pub fn header(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        changed.header[name] = value.into();
        changed
    }

    pub fn without_header(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.header.as_object_mut().unwrap().remove(name);
        changed
    }

    pub fn signed(&self, key: &KeyPair) -> String {
        sign(key, self.header.to_string(), self.claims.to_string())
    }

    /// Returns header and claims with `signature` as it is.
    pub fn with_signature(&self, signature: &[u8]) -> String {
        crate::issuer::join(self.header.to_string(), self.claims.to_string(), signature)
    }

    /// Returns the claims as JSON in which `name` has the raw value `text`.
    ///
    /// It is for values that no JSON library writes.
    pub fn claims_with(&self, name: &str, text: &str) -> String {
        spelled(&self.claims, name, text)
    }

    pub fn header_with(&self, name: &str, text: &str) -> String {
        spelled(&self.header, name, text)
    }
}

fn claims(user: bool, more: [&Value; 2]) -> Value {
    let mut claims = json!({
        "tid": TENANT, "oid": USER, "sub": "pairwise", "roles": ["Reader"],
        "nbf": NOW, "iat": NOW, "exp": NOW + 3600,
    });
    if user {
        claims["scp"] = "access_as_user".into();
    }
    for members in more {
        for (name, value) in members.as_object().unwrap() {
            claims[name] = value.clone();
        }
    }
    claims
}

fn spelled(members: &Value, name: &str, text: &str) -> String {
    let mut members = members.clone();
    members[name] = "<here>".into();
    members.to_string().replace("\"<here>\"", text)
}
