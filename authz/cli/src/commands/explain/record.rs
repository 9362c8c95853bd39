//! Explains a decision record of the log, which has the request's attributes but neither token nor
//! claims.

use anyhow::Context;
use portcullis_policy::{AccessRequest, PolicySet};
use portcullis_token::{Caller, CallerKind, Claims, Verified};
use serde::Deserialize;
use serde_json::Value;

use super::name_of;
use super::text::Text;

/// The fields of a record that `decision_log` writes.
#[derive(Debug, Deserialize)]
struct Record {
    policy: String,
    method: Option<String>,
    outcome: String,
    rule: Option<usize>,
    reason: Option<String>,
    cause: Option<String>,
    tenant: Option<String>,
    object_id: Option<String>,
    kind: Option<String>,
    actor: Option<String>,
    scopes: Option<String>,
    roles: Option<String>,
}

pub(super) fn explain(
    policies: &PolicySet,
    name: Option<&str>,
    line: &str,
) -> anyhow::Result<String> {
    let value: Value =
        serde_json::from_str(line).context("this is neither a token nor a JSON record")?;
    let fields = value.get("fields").cloned().unwrap_or(value);
    let record: Record =
        serde_json::from_value(fields).context("this is not a decision record of the log")?;
    let name = name_of(policies, Some(name.unwrap_or(&record.policy)))?;
    let policy = policies.policy(&name).context("the policy is in the set")?;
    let mut text = Text::default();
    text.policy(policy);
    let reasons: Vec<&str> = [&record.reason, &record.cause]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let reason = reasons.join(": ");
    let verified = record.verified();
    match &verified {
        Some(verified) => text.caller(&verified.caller),
        None => text.line("caller", "anonymous, or the record has no caller"),
    }
    let method = record.method.as_deref().unwrap_or_default();
    if let Some(verified) = &verified {
        text.rules(
            policy,
            &AccessRequest {
                caller: Some(verified),
                method,
            },
            false,
        );
    }
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(" {reason}")
    };
    let by = record
        .rule
        .map_or_else(String::new, |rule| format!(", by rule {rule}"));
    text.line(
        "decision",
        &format!("{}{reason}{by} (as recorded)", record.outcome),
    );
    Ok(text.into_string())
}

impl Record {
    fn verified(&self) -> Option<Verified> {
        let list = |text: &Option<String>| {
            text.iter()
                .flat_map(|text| text.split(' '))
                .map(str::to_owned)
                .collect()
        };
        let caller = Caller {
            tenant: self.tenant.clone()?,
            object_id: self.object_id.clone()?,
            kind: CallerKind::from_word(self.kind.as_deref()?)?,
            actor: self.actor.clone(),
            name: None,
            email: None,
            roles: list(&self.roles),
            scopes: list(&self.scopes),
        };
        Some(Verified {
            caller,
            claims: Claims::default(),
            valid: 0..u64::MAX,
            key_epoch: 0,
        })
    }
}
