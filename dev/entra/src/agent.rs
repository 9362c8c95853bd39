//! Agent identities of Entra Agent ID. A blueprint gets a token that names one of its agents, and the
//! agent presents that token as its client assertion.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use crate::access_token::Subject;
use crate::directory::Application;

/// The facet of an agent identity in `xms_act_fct` and `xms_sub_fct`.
const AGENT_IDENTITY: &str = "11";
/// The relationships of `xms_idrel`.
const MEMBER: &str = "1";
const GUEST: &str = "5";
const SERVICE_PRINCIPAL: &str = "7";

/// The claims of Microsoft's "Token claims reference for agents".
#[derive(Serialize)]
pub(crate) struct AgentClaims {
    /// What the actor (`azp`, `appid`) is.
    #[serde(rename = "xms_act_fct")]
    actor: &'static str,
    /// What the subject is, if it is the agent itself.
    #[serde(rename = "xms_sub_fct", skip_serializing_if = "Option::is_none")]
    subject: Option<&'static str>,
    /// The relationship between the subject and the tenant.
    #[serde(rename = "xms_idrel")]
    relationship: &'static str,
    #[serde(rename = "xms_par_app_azp")]
    blueprint: Uuid,
}

impl AgentClaims {
    /// The claims of a token for `client`; none if it is no agent identity.
    pub(crate) fn new(client: &Application, subject: &Subject<'_>) -> Option<Self> {
        let blueprint = client.blueprint?;
        let is_own = matches!(subject, Subject::Application);
        Some(Self {
            actor: AGENT_IDENTITY,
            subject: is_own.then_some(AGENT_IDENTITY),
            relationship: match subject {
                Subject::User { user, .. } if user.is_guest() => GUEST,
                Subject::User { .. } => MEMBER,
                Subject::Application | Subject::Agent { .. } => SERVICE_PRINCIPAL,
            },
            blueprint,
        })
    }
}

/// The `sub` of a token with which `blueprint` authenticates `agent`.
pub(crate) fn exchange_subject(tenant: Uuid, blueprint: Uuid, agent: Uuid) -> String {
    let encoded = |id: Uuid| URL_SAFE_NO_PAD.encode(id.to_bytes_le());
    format!(
        "/eid1/c/pub/t/{}/a/{}/{agent}",
        encoded(tenant),
        encoded(blueprint)
    )
}
