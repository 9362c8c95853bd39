//! Bad tokens, each denied with its own reason code.

use anyhow::Context;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Row, Rows};
use crate::Stack;
use crate::caller::Caller;
use crate::directory::{EDITOR, MALLORY, OTHER_API, TASK_API};
use crate::identity_provider::{IdentityProvider, decode};

const INVALID: &str = "Bearer error=\"invalid_token\"";

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    let mut rows = Rows::default();
    let issuer = stack.identity_provider();
    let good = issuer
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let answer = Caller {
        stack,
        token: Some(&good),
    }
    .get("/api/me")
    .await?;
    rows.status("a good token, for comparison", "200", &answer);
    let answer = Caller { stack, token: None }.get("/api/me").await?;
    // RFC 6750 §3.1: a challenge to a request without a token has no error code.
    rows.challenge("no token", "401 token_missing", "Bearer", &answer);
    for BadToken {
        name,
        token,
        expected,
    } in bad_tokens(issuer, &good).await?
    {
        let answer = Caller {
            stack,
            token: Some(&token),
        }
        .get("/api/me")
        .await?;
        rows.challenge(name, expected, INVALID, &answer);
    }
    Ok(rows.done())
}

struct BadToken {
    name: &'static str,
    token: String,
    expected: &'static str,
}

async fn bad_tokens(issuer: &IdentityProvider, good: &str) -> anyhow::Result<Vec<BadToken>> {
    let expired = issuer.resign(good, |_, claims| {
        for name in ["iat", "nbf", "exp"] {
            claims[name] = json!(claims[name].as_i64().unwrap_or_default() - 2 * 60 * 60);
        }
    });
    let (header, claims) = decode(good)?;
    let none = format!(
        "{}.{}.",
        encode(&with(&header, "alg", "none")),
        encode(&claims)
    );
    let ours = issuer.keys().await?;
    let modulus = URL_SAFE_NO_PAD.decode(
        ours["keys"][0]["n"]
            .as_str()
            .context("the key set has no key")?,
    )?;
    let hmac = sign_hmac(&modulus, &with(&header, "alg", "HS256"), &claims);
    Ok(vec![
        BadToken {
            name: "garbage",
            token: "garbage".to_owned(),
            expected: "401 token_malformed",
        },
        BadToken {
            name: "an expired token",
            token: expired.await?,
            expected: "401 token_expired",
        },
        BadToken {
            name: "a token for another API",
            token: issuer.user_token(EDITOR, OTHER_API, "Other.Read").await?,
            expected: "401 audience_not_allowed",
        },
        BadToken {
            name: "a token of another tenant",
            token: issuer
                .user_token(MALLORY, TASK_API, "access_as_user")
                .await?,
            expected: "401 tenant_not_allowed",
        },
        BadToken {
            name: "a token whose role was edited",
            token: promoted(good)?,
            expected: "401 signature_invalid",
        },
        BadToken {
            name: "a token with alg none",
            token: none,
            expected: "401 algorithm_not_allowed",
        },
        BadToken {
            name: "a token with HS256 and the public key",
            token: hmac,
            expected: "401 algorithm_not_allowed",
        },
    ])
}

/// The Editor's token with the role Admin and the old signature.
fn promoted(good: &str) -> anyhow::Result<String> {
    let (header, claims) = decode(good)?;
    let signature = good.rsplit('.').next().unwrap_or_default();
    Ok(format!(
        "{}.{}.{signature}",
        encode(&header),
        encode(&with(&claims, "roles", vec!["Admin"]))
    ))
}

fn sign_hmac(key: &[u8], header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn with(object: &Value, member: &str, value: impl Into<Value>) -> Value {
    let mut changed = object.clone();
    changed[member] = value.into();
    changed
}
