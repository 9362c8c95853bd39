use std::time::Duration;

use portcullis_token::{
    CallerKind, ClaimNames, EntraSettings, InvalidKindRule, KindRule, OidcKeys, OidcSettings,
    Tenants, TimeRules,
};
use serde_json::json;

use crate::document::Named;
use crate::problem::PolicyError;
use crate::required_claims::required_claims;
use crate::spec::{ClaimNamesSpec, EntraSpec, KindSpec, OidcSpec, TokenIssuerSpec};

/// Largest clock skew. A larger one would keep expired tokens alive.
const LARGEST_SKEW: Duration = Duration::from_mins(10);

/// A compiled `TokenIssuer`: whose tokens count, and the rules for their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The provider that issues the tokens.
    pub provider: Provider,
    /// The rules for the tokens' times.
    pub times: TimeRules,
}

/// The provider of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Microsoft Entra ID.
    Entra(EntraSettings),
    /// Any OpenID Connect provider.
    Oidc(OidcSettings),
}

pub(crate) fn compile_issuer(
    document: &Named<TokenIssuerSpec>,
    problems: &mut Vec<PolicyError>,
) -> Option<Issuer> {
    let before = problems.len();
    let spec = &document.spec;
    let as_bearer = spec.insecure_sender_constrained_as_bearer;
    let provider = match (&spec.entra, &spec.oidc) {
        (Some(entra), None) => compile_entra(document, entra, problems).map(|settings| {
            Provider::Entra(settings.insecure_sender_constrained_as_bearer(as_bearer))
        }),
        (None, Some(oidc)) => compile_oidc(document, oidc, problems).map(|settings| {
            Provider::Oidc(settings.insecure_sender_constrained_as_bearer(as_bearer))
        }),
        (None, None) => {
            problems.push(document.problem("spec", "names no issuer; give entra or oidc"));
            None
        }
        (Some(_), Some(_)) => {
            problems.push(document.problem(
                "spec.oidc",
                "contradicts entra; write a document for each issuer",
            ));
            None
        }
    };
    let defaults = if spec.entra.is_some() {
        TimeRules::entra()
    } else {
        TimeRules::default()
    };
    let times = TimeRules {
        skew: spec.clock_skew.unwrap_or(defaults.skew),
        longest_life: spec.longest_token_life.unwrap_or(defaults.longest_life),
    };
    if times.skew > LARGEST_SKEW {
        problems
            .push(document.problem("spec.clockSkew", "is more than 10m; set the clocks instead"));
    }
    if problems.len() == before {
        provider.map(|provider| Issuer { provider, times })
    } else {
        None
    }
}

fn compile_entra(
    document: &Named<TokenIssuerSpec>,
    spec: &EntraSpec,
    problems: &mut Vec<PolicyError>,
) -> Option<EntraSettings> {
    let tenants = match (spec.any_tenant, spec.tenants.is_empty()) {
        (true, true) => Tenants::AnyOrganization,
        (true, false) => {
            problems.push(document.problem(
                "spec.entra.anyTenant",
                "contradicts tenants; give one of them",
            ));
            return None;
        }
        (false, _) => Tenants::Listed(spec.tenants.clone()),
    };
    let authority = spec
        .authority
        .as_deref()
        .unwrap_or(EntraSettings::PUBLIC_CLOUD);
    let settings = EntraSettings::new(authority, tenants);
    settings
        .map_err(|invalid| {
            let problem = |invalid: portcullis_token::InvalidEntraSettings| {
                document.problem(&format!("spec.entra.{}", invalid.field), invalid.problem)
            };
            problems.extend(invalid.into_iter().map(problem));
        })
        .ok()
}

fn compile_oidc(
    document: &Named<TokenIssuerSpec>,
    spec: &OidcSpec,
    problems: &mut Vec<PolicyError>,
) -> Option<OidcSettings> {
    let keys = oidc_keys(document, spec, problems);
    let required = required_claims(
        document,
        "spec.oidc.requiredClaims",
        &spec.required_claims,
        problems,
    );
    let kind = spec
        .claims
        .kind
        .as_ref()
        .and_then(|kind| kind_rule(document, kind, problems));
    let settings = OidcSettings::new(
        &spec.issuer,
        &keys,
        &spec.algorithms,
        claim_names(&spec.claims),
    );
    settings
        .map_err(|invalid| {
            let problem = |invalid: portcullis_token::InvalidOidcSettings| {
                document.problem(&format!("spec.oidc.{}", invalid.field), invalid.problem)
            };
            problems.extend(invalid.into_iter().map(problem));
        })
        .ok()
        .map(|settings| settings.requiring(required))
        .map(|settings| match kind {
            Some(kind) => settings.telling_kind_by(kind),
            None => settings,
        })
}

fn kind_rule(
    document: &Named<TokenIssuerSpec>,
    spec: &KindSpec,
    problems: &mut Vec<PolicyError>,
) -> Option<KindRule> {
    let default = spec.default.map(CallerKind::from);
    let [users, applications] = [&spec.users, &spec.applications]
        .map(|values| values.iter().map(|value| json!(value)).collect());
    let problem = |InvalidKindRule { field, problem }| {
        document.problem(&format!("spec.oidc.claims.kind.{field}"), problem)
    };
    KindRule::new(spec.claim.clone(), users, applications, default)
        .map_err(|invalid| problems.extend(invalid.into_iter().map(problem)))
        .ok()
}

/// The source of the keys. A second one is an error, because users would forget it when keys
/// rotate.
fn oidc_keys(
    document: &Named<TokenIssuerSpec>,
    spec: &OidcSpec,
    problems: &mut Vec<PolicyError>,
) -> OidcKeys {
    let given = [
        ("jwksUri", spec.jwks_uri.clone().map(OidcKeys::At)),
        ("jwksFile", spec.jwks_file.clone().map(OidcKeys::File)),
        (
            "jwks",
            spec.jwks
                .as_ref()
                .map(|keys| OidcKeys::Inline(json!(keys).to_string())),
        ),
    ];
    let mut given = given
        .into_iter()
        .filter_map(|(field, keys)| Some((field, keys?)));
    let Some((first, keys)) = given.next() else {
        return OidcKeys::Discovery;
    };
    for (field, _) in given {
        let problem = format!("contradicts {first}; give one of them");
        problems.push(document.problem(&format!("spec.oidc.{field}"), problem));
    }
    keys
}

fn claim_names(spec: &ClaimNamesSpec) -> ClaimNames {
    let defaults = ClaimNames::default();
    let or = |given: &Option<String>, default| given.clone().unwrap_or(default);
    ClaimNames {
        subject: or(&spec.subject, defaults.subject),
        name: or(&spec.name, defaults.name),
        email: or(&spec.email, defaults.email),
        roles: or(&spec.roles, defaults.roles),
        scopes: or(&spec.scopes, defaults.scopes),
    }
}
