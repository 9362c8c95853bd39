//! Access tokens with the claims of Entra's "Access token claims reference".

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use crate::agent::{AgentClaims, exchange_subject};
use crate::authority::{Authority, Version};
use crate::directory::{Application, OptionalClaim, Tenant, User};
use crate::entra::Entra;
use crate::user_claims::{Chosen, UserClaims};

/// A granted request: `client` may act on `resource` for `subject`.
#[derive(Debug)]
pub(crate) struct Authorization<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) client: &'a Application,
    pub(crate) resource: &'a Application,
    pub(crate) subject: Subject<'a>,
    pub(crate) proof: ClientProof,
}

/// How a client authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientProof {
    /// A public client, which does not authenticate.
    None,
    Secret,
    /// A client assertion, signed with a certificate or by an issuer that the application trusts.
    Assertion,
}

/// The subject of a token.
#[derive(Debug)]
pub(crate) enum Subject<'a> {
    /// A user; `contexts` are the authentication contexts that the user has met.
    User {
        user: &'a User,
        scopes: Vec<&'a str>,
        contexts: Vec<String>,
    },
    Application,
    /// An agent identity, which the client authenticates as its blueprint.
    Agent {
        agent: &'a Application,
    },
}

impl Subject<'_> {
    pub(crate) fn object_id(&self, client: &Application) -> Uuid {
        match self {
            Self::User { user, .. } => user.object_id,
            Self::Application | Self::Agent { .. } => client.service_principal,
        }
    }
}

/// The times of a token, in seconds since 1970.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Validity {
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
}

impl Validity {
    pub(crate) fn from_now(lifetime: Duration) -> Self {
        let now = crate::clock::now();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        Self {
            iat: now,
            nbf: now,
            exp: now.saturating_add(lifetime),
        }
    }
}

/// The claims of a v1 or v2 access token.
#[derive(Serialize)]
pub(crate) struct AccessToken<'a> {
    aud: String,
    iss: String,
    #[serde(flatten)]
    validity: Validity,
    #[serde(flatten)]
    client: ClientClaims,
    #[serde(flatten)]
    subject: SubjectClaims<'a>,
    #[serde(flatten)]
    agent: Option<AgentClaims>,
    oid: Uuid,
    sub: String,
    tid: Uuid,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    acrs: &'a [String],
    uti: String,
    ver: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ClientClaims {
    V1 { appid: Uuid, appidacr: &'static str },
    V2 { azp: Uuid, azpacr: &'static str },
}

#[derive(Serialize)]
#[serde(untagged)]
enum SubjectClaims<'a> {
    UserV1 {
        name: &'a str,
        unique_name: &'a str,
        scp: String,
        acr: &'static str,
        amr: [&'static str; 1],
        #[serde(flatten)]
        rest: UserClaims<'a>,
    },
    UserV2 {
        name: &'a str,
        preferred_username: &'a str,
        scp: String,
        #[serde(flatten)]
        rest: UserClaims<'a>,
    },
    Application {
        #[serde(skip_serializing_if = "Option::is_none")]
        idtyp: Option<&'static str>,
        /// The Azure resource of a managed identity.
        #[serde(skip_serializing_if = "Option::is_none")]
        xms_mirid: Option<&'a str>,
    },
}

impl<'a> AccessToken<'a> {
    pub(crate) fn new(
        authorization: &'a Authorization<'a>,
        version: Version,
        authority: &Authority,
        validity: Validity,
    ) -> Self {
        let Authorization {
            tenant,
            client,
            resource,
            subject,
            proof,
        } = authorization;
        let oid = subject.object_id(client);
        let (sub, roles) = match subject {
            // A user's roles on the resource, never those of the client that acts for the user.
            Subject::User { user, .. } => (
                pairwise_subject(oid, tenant, resource),
                user.roles_on(resource).collect(),
            ),
            Subject::Application => (oid.to_string(), client.roles_on(resource).collect()),
            Subject::Agent { agent } => (
                exchange_subject(tenant.id, client.client_id, agent.client_id),
                Vec::new(),
            ),
        };
        Self {
            aud: match version {
                Version::V1 => resource.identifier_uri.clone(),
                Version::V2 => resource.client_id.to_string(),
            },
            iss: authority.issuer(version, &tenant.id.to_string()),
            validity,
            client: ClientClaims::new(client, *proof, version),
            subject: SubjectClaims::new(authorization, version, authority),
            agent: AgentClaims::new(client, subject),
            oid,
            sub,
            tid: tenant.id,
            roles,
            acrs: match subject {
                Subject::User { contexts, .. } => contexts,
                Subject::Application | Subject::Agent { .. } => &[],
            },
            uti: unique_identifier(),
            ver: match version {
                Version::V1 => "1.0",
                Version::V2 => "2.0",
            },
        }
    }
}

impl Authorization<'_> {
    /// The signed access token.
    pub(crate) fn sign(
        &self,
        entra: &Entra,
        version: Version,
        validity: Validity,
    ) -> anyhow::Result<String> {
        let key = entra.keys.current();
        let mut header = key.header();
        if version == Version::V1 {
            header.insert("x5t".to_owned(), key.x5t.as_str().into());
        }
        let claims = AccessToken::new(self, version, &entra.authority, validity);
        key.sign(&header, &claims)
    }
}

impl ClientClaims {
    fn new(client: &Application, proof: ClientProof, version: Version) -> Self {
        let authentication = match proof {
            ClientProof::None => "0",
            ClientProof::Secret => "1",
            ClientProof::Assertion => "2",
        };
        match version {
            Version::V1 => Self::V1 {
                appid: client.client_id,
                appidacr: authentication,
            },
            Version::V2 => Self::V2 {
                azp: client.client_id,
                azpacr: authentication,
            },
        }
    }
}

impl<'a> SubjectClaims<'a> {
    fn new(authorization: &'a Authorization<'a>, version: Version, authority: &Authority) -> Self {
        let chosen = Chosen::by_resource(authorization.resource, version);
        match (&authorization.subject, version) {
            (Subject::User { user, scopes, .. }, Version::V1) => Self::UserV1 {
                name: &user.name,
                unique_name: &user.username,
                scp: scopes.join(" "),
                acr: "1",
                amr: ["pwd"],
                rest: UserClaims::new(user, chosen, authority),
            },
            (Subject::User { user, scopes, .. }, Version::V2) => Self::UserV2 {
                name: &user.name,
                preferred_username: &user.username,
                scp: scopes.join(" "),
                rest: UserClaims::new(user, chosen, authority),
            },
            (Subject::Application | Subject::Agent { .. }, _) => {
                let wants_idtyp =
                    chosen.has(OptionalClaim::Idtyp) || chosen.has(OptionalClaim::IncludeUserToken);
                Self::Application {
                    idtyp: wants_idtyp.then_some("app"),
                    xms_mirid: authorization
                        .client
                        .managed_identity
                        .as_ref()
                        .map(|identity| identity.resource_id.as_str()),
                }
            }
        }
    }
}

/// A `sub` that differs for each application, so that applications cannot match users by it.
pub(crate) fn pairwise_subject(object_id: Uuid, tenant: &Tenant, audience: &Application) -> String {
    let text = format!("{object_id} {} {}", tenant.id, audience.client_id);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// A new `uti`, which Entra has in place of `jti`.
pub(crate) fn unique_identifier() -> String {
    URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())
}
