//! `POST /dev/tokens`: a token of a user or an application, with the chosen defects.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use portcullis_runtime::{JsonBody, Problem};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::invalid;
use crate::access_token::{AccessToken, Authorization, ClientProof, Subject, Validity};
use crate::directory::{Application, Directory};
use crate::entra::Entra;
use crate::knobs::weak_key;

/// Seconds since a token that has expired was issued. It exceeds the clock skew that validators
/// allow.
const LONG_AGO: i64 = 24 * 3600;
const EXPIRED: i64 = LONG_AGO - 3600;

/// The token to mint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ToMint {
    /// A username; without it the token is the client's own.
    user: Option<String>,
    /// A client id, or the key of the application in the directory file.
    client: String,
    /// A client id, an identifier URI, or a key.
    resource: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    defects: Vec<Defect>,
    /// Members of the header to set; `null` removes one.
    #[serde(default)]
    header: Map<String, Value>,
    /// Claims to set; `null` removes one.
    #[serde(default)]
    claims: Map<String, Value>,
}

/// What is wrong about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Defect {
    /// It expired 23 hours ago.
    Expired,
    WrongAudience,
    /// Its `kid` is not published.
    UnknownKid,
    /// It is signed with an RSA key of 1024 bits, which is then published.
    WeakKey,
    /// It refers to Graph for the groups of the user, as with more than 200 groups.
    GroupsOverage,
}

pub(crate) async fn mint(
    State(entra): State<Arc<Entra>>,
    JsonBody(wanted): JsonBody<ToMint>,
) -> Result<Json<Value>, Problem> {
    let authorization = authorization(&entra.directory, &wanted)?;
    let token = AccessToken::new(
        &authorization,
        authorization.resource.token_version,
        &entra.authority,
        Validity::from_now(entra.lifetime),
    );
    let claims = serde_json::to_value(&token).map_err(|error| Problem::internal(&error))?;
    let Value::Object(mut claims) = claims else {
        return Err(Problem::internal(&"claims that are no object"));
    };
    let key = entra.keys.current();
    let mut header = key.header();
    for defect in &wanted.defects {
        defect.put_in(&mut header, &mut claims);
    }
    overlay(&mut header, wanted.header);
    overlay(&mut claims, wanted.claims);
    let token = if wanted.defects.contains(&Defect::WeakKey) {
        let published = &entra.knobs.publishes_weak_key;
        published.store(true, Ordering::Relaxed);
        weak_key::sign(&header, &claims)
    } else {
        key.sign(&header, &claims)
    };
    let token = token.map_err(|error| Problem::internal(&error))?;
    Ok(Json(json!({ "token": token })))
}

fn authorization<'a>(
    directory: &'a Directory,
    wanted: &'a ToMint,
) -> Result<Authorization<'a>, Problem> {
    let client = application(directory, "client", &wanted.client)?;
    let resource = application(directory, "resource", &wanted.resource)?;
    // A guest of the resource's tenant is meant as the guest.
    let home = directory.tenant_by_id(resource.home());
    let subject = match &wanted.user {
        None => Subject::Application,
        Some(name) => Subject::User {
            user: directory
                .user_named(home, name)
                .ok_or_else(|| invalid("user", "is not a username of the directory"))?,
            scopes: wanted.scopes.iter().map(String::as_str).collect(),
            contexts: Vec::new(),
        },
    };
    let tenant = match &subject {
        Subject::User { user, .. } => directory.tenant_of(user),
        Subject::Application | Subject::Agent { .. } => directory
            .tenants()
            .iter()
            .find(|tenant| client.is_in(tenant)),
    };
    Ok(Authorization {
        tenant: tenant.ok_or_else(|| invalid("client", "is in no tenant"))?,
        client,
        resource,
        subject,
        proof: ClientProof::Secret,
    })
}

fn application<'a>(
    directory: &'a Directory,
    field: &'static str,
    name: &str,
) -> Result<&'a Application, Problem> {
    let mut all = directory.applications().iter();
    all.find(|application| application.key == name || application.is_identified_by(name))
        .ok_or_else(|| invalid(field, "is not an application of the directory"))
}

impl Defect {
    fn put_in(self, header: &mut Map<String, Value>, claims: &mut Map<String, Value>) {
        match self {
            Self::Expired => {
                let now = crate::clock::now();
                for (name, time) in [("iat", LONG_AGO), ("nbf", LONG_AGO), ("exp", EXPIRED)] {
                    claims.insert(name.to_owned(), (now - time).into());
                }
            }
            Self::WrongAudience => {
                let other = uuid::Uuid::new_v4().to_string();
                claims.insert("aud".to_owned(), other.into());
            }
            Self::UnknownKid => {
                header.insert("kid".to_owned(), uuid::Uuid::new_v4().to_string().into());
            }
            Self::WeakKey => {
                header.insert("kid".to_owned(), weak_key::KID.into());
            }
            Self::GroupsOverage => overage(claims),
        }
    }
}

/// The claims of Entra's "Groups overage claim".
fn overage(claims: &mut Map<String, Value>) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let endpoint = format!(
        "https://graph.windows.net/{}/users/{}/getMemberObjects",
        text("tid"),
        text("oid")
    );
    claims.remove("groups");
    claims.insert("_claim_names".to_owned(), json!({"groups": "src1"}));
    claims.insert(
        "_claim_sources".to_owned(),
        json!({"src1": {"endpoint": endpoint}}),
    );
}

fn overlay(members: &mut Map<String, Value>, changes: Map<String, Value>) {
    members.extend(changes);
    members.retain(|_, value| !value.is_null());
}
