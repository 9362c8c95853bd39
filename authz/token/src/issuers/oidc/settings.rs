use std::path::PathBuf;

use serde_json::{Map, Value};
use url::Url;

use super::KindRule;
use crate::claims::RequiredClaims;
use crate::jws::Algorithm;
use crate::keys::{KeyLocation, KeySet};

/// Settings of one OpenID Connect provider as an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcSettings {
    pub(super) issuer: String,
    pub(super) keys: KeyLocation,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) claims: ClaimNames,
    pub(super) required: RequiredClaims,
    /// Boxed, since few providers need it and settings are moved as a whole.
    pub(super) kind: Option<Box<KindRule>>,
    sender_constrained_as_bearer: bool,
}

/// The location of a provider's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OidcKeys {
    /// The URL that the discovery document names, on any host.
    Discovery,
    /// This URL.
    At(String),
    /// This file.
    File(PathBuf),
    /// This JWKS document.
    Inline(String),
}

/// The names of a provider's claims. A name with dots is a path, such as Keycloak's
/// `realm_access.roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The caller's unchanging id.
    pub subject: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// A list of roles.
    pub roles: String,
    /// Scopes, as one string with spaces or as a list.
    pub scopes: String,
}

/// An error in the settings of a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidOidcSettings {
    /// The field to change.
    pub field: &'static str,
    /// The error, and the valid values.
    pub problem: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let [subject, name, email, roles, scopes] =
            ["sub", "name", "email", "roles", "scope"].map(str::to_owned);
        Self {
            subject,
            name,
            email,
            roles,
            scopes,
        }
    }
}

impl OidcSettings {
    /// Checks the settings and reports every error at once. `algorithms` are names such as `RS256`;
    /// empty means RS256.
    pub fn new(
        issuer: &str,
        keys: &OidcKeys,
        algorithms: &[String],
        claims: ClaimNames,
    ) -> Result<Self, Vec<InvalidOidcSettings>> {
        let mut problems = Vec::new();
        let location = key_location(issuer, keys)
            .map_err(|problem| problems.push(problem))
            .ok();
        let algorithms = parse_algorithms(algorithms, &mut problems);
        if let OidcKeys::Inline(keys) = keys
            && let Err(error) = KeySet::parse(keys.as_bytes(), &algorithms)
        {
            let problem = format!("cannot be used: {error}");
            problems.push(InvalidOidcSettings {
                field: "jwks",
                problem,
            });
        }
        match location {
            Some(keys) if problems.is_empty() => Ok(Self {
                issuer: issuer.to_owned(),
                keys,
                algorithms,
                claims,
                required: RequiredClaims::default(),
                kind: None,
                sender_constrained_as_bearer: false,
            }),
            _ => Err(problems),
        }
    }

    /// Replaces the algorithms by `algorithm`.
    pub(crate) fn with_algorithm(self, algorithm: Algorithm) -> Self {
        Self {
            algorithms: vec![algorithm],
            ..self
        }
    }

    /// Sample claims of the user `subject`, under the provider's names.
    pub(crate) fn sample_claims(&self, subject: &str) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.issuer.clone().into());
        claims.insert("sub".to_owned(), subject.into());
        claims.insert("client_id".to_owned(), "some-client".into());
        claims.insert(self.claims.subject.clone(), subject.into());
        match &self.kind {
            Some(kind) => kind.fill_in(&mut claims),
            None => drop(claims.insert("amr".to_owned(), vec!["pwd"].into())),
        }
        claims
    }

    /// Requires the claims of `required` in each token.
    #[must_use]
    pub fn requiring(self, required: RequiredClaims) -> Self {
        Self { required, ..self }
    }

    /// Tells users from applications by `kind`.
    #[must_use]
    pub fn telling_kind_by(self, kind: KindRule) -> Self {
        Self {
            kind: Some(Box::new(kind)),
            ..self
        }
    }

    /// Accepts sender-constrained tokens (`cnf`) without a proof of possession.
    #[must_use]
    pub fn insecure_sender_constrained_as_bearer(self, taken: bool) -> Self {
        Self {
            sender_constrained_as_bearer: taken,
            ..self
        }
    }

    pub(crate) fn takes_sender_constrained_as_bearer(&self) -> bool {
        self.sender_constrained_as_bearer
    }
}

fn key_location(issuer: &str, keys: &OidcKeys) -> Result<KeyLocation, InvalidOidcSettings> {
    let issuer_url = https("issuer", issuer)?;
    if issuer_url.query().is_some() || issuer_url.fragment().is_some() {
        let problem = format!(
            "'{issuer}' has a query or a fragment; remove it (OpenID Connect Discovery §3)"
        );
        return Err(InvalidOidcSettings {
            field: "issuer",
            problem,
        });
    }
    match keys {
        OidcKeys::At(url) => https("jwksUri", url).map(KeyLocation::KeySet),
        OidcKeys::File(file) => Ok(KeyLocation::File(file.clone())),
        OidcKeys::Inline(keys) => Ok(KeyLocation::Inline(keys.as_str().into())),
        // OpenID Connect Discovery §4: the path is appended, without a second slash.
        OidcKeys::Discovery => {
            let url = format!(
                "{}/.well-known/openid-configuration",
                issuer.trim_end_matches('/')
            );
            Ok(KeyLocation::Discovery {
                url: https("issuer", &url)?,
                keys_elsewhere: true,
            })
        }
    }
}

fn https(field: &'static str, text: &str) -> Result<Url, InvalidOidcSettings> {
    let problem = |problem: String| InvalidOidcSettings { field, problem };
    let url =
        Url::parse(text).map_err(|error| problem(format!("'{text}' is not a URL ({error})")))?;
    if url.scheme() == "https" {
        Ok(url)
    } else {
        Err(problem(format!(
            "'{text}' is not https; without TLS an attacker can replace the keys"
        )))
    }
}

fn parse_algorithms(names: &[String], problems: &mut Vec<InvalidOidcSettings>) -> Vec<Algorithm> {
    let mut algorithms = Vec::new();
    for name in names {
        if let Some(algorithm) = Algorithm::from_name(name) {
            algorithms.push(algorithm);
            continue;
        }
        let known: Vec<&str> = Algorithm::ALL
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        let problem = format!(
            "'{name}' is not one of {}; none and HMAC are never allowed",
            known.join(", ")
        );
        problems.push(InvalidOidcSettings {
            field: "algorithms",
            problem,
        });
    }
    if algorithms.is_empty() {
        vec![Algorithm::Rs256]
    } else {
        algorithms
    }
}
