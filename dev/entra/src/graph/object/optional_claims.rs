use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::directory::OptionalClaim;

/// The additional property of `idtyp` that puts it into tokens of users too.
const INCLUDE_USER_TOKEN: &str = "include_user_token";

/// The optional claims of each kind of token.
#[expect(clippy::struct_field_names, reason = "the names are Microsoft Graph's")]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct OptionalClaims {
    id_token: Vec<ClaimObject>,
    access_token: Vec<ClaimObject>,
    saml2_token: Vec<ClaimObject>,
}

/// One claim ("optionalClaim resource type").
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ClaimObject {
    name: String,
    source: Option<String>,
    essential: bool,
    additional_properties: Vec<String>,
}

impl OptionalClaims {
    /// The object for the claims of ID tokens and access tokens; `None` if both are empty.
    pub(crate) fn of(
        id_token: &BTreeSet<OptionalClaim>,
        access_token: &BTreeSet<OptionalClaim>,
    ) -> Option<Self> {
        (!id_token.is_empty() || !access_token.is_empty()).then(|| Self {
            id_token: objects(id_token),
            access_token: objects(access_token),
            saml2_token: Vec::new(),
        })
    }

    pub(crate) fn of_id_tokens(&self) -> BTreeSet<OptionalClaim> {
        known(&self.id_token)
    }

    pub(crate) fn of_access_tokens(&self) -> BTreeSet<OptionalClaim> {
        known(&self.access_token)
    }
}

fn objects(claims: &BTreeSet<OptionalClaim>) -> Vec<ClaimObject> {
    let includes_users = claims.contains(&OptionalClaim::IncludeUserToken);
    let mut objects: Vec<ClaimObject> = claims
        .iter()
        .filter(|claim| {
            !matches!(
                claim,
                OptionalClaim::Idtyp | OptionalClaim::IncludeUserToken
            )
        })
        .filter_map(|claim| serde_json::from_value(json!({"name": claim})).ok())
        .collect();
    if includes_users || claims.contains(&OptionalClaim::Idtyp) {
        objects.push(ClaimObject {
            name: "idtyp".to_owned(),
            additional_properties: includes_users
                .then(|| INCLUDE_USER_TOKEN.to_owned())
                .into_iter()
                .collect(),
            ..ClaimObject::default()
        });
    }
    objects
}

/// The claims that tokens of dev-entra can have. Others are kept and have no effect.
fn known(objects: &[ClaimObject]) -> BTreeSet<OptionalClaim> {
    let names = objects.iter().flat_map(|object| {
        let properties = object.additional_properties.iter();
        let includes_users =
            properties.filter(|property| object.name == "idtyp" && *property == INCLUDE_USER_TOKEN);
        std::iter::once(&object.name).chain(includes_users)
    });
    names
        .filter_map(|name| serde_json::from_value(Value::from(name.as_str())).ok())
        .collect()
}
