use std::collections::HashSet;

use portcullis_token::{Audiences, Authorization, Reason, Tenants, Verifier, bearer_token};

use crate::issuer::{API, Issuer, NOW, listed};

/// What a client presents to a verifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Presented {
    /// These `Authorization` lines.
    Lines(Vec<Vec<u8>>),
    /// A token without a header, so that the parser gets its exact bytes.
    Token(String),
}

/// The verifier of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// Serves two tenants.
    Listed,
    /// Serves every organization.
    AnyOrganization,
    /// Has no keys, because its issuer never answers.
    WithoutKeys,
}

pub struct Case {
    pub name: String,
    pub presented: Presented,
    pub judge: Judge,
    pub now: u64,
    /// `None` for a good twin.
    pub expected: Option<Reason>,
}

/// The cases of one family.
pub struct Family {
    pub name: &'static str,
    pub cases: Vec<Case>,
}

impl Family {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            cases: Vec::new(),
        }
    }

    /// Adds a token in a well-formed `Authorization` line.
    pub fn bearer(
        &mut self,
        name: impl Into<String>,
        token: &str,
        expected: impl Into<Option<Reason>>,
    ) {
        self.line(name, format!("Bearer {token}"), expected);
    }

    pub fn line(
        &mut self,
        name: impl Into<String>,
        line: impl Into<Vec<u8>>,
        expected: impl Into<Option<Reason>>,
    ) {
        self.presented(name, Presented::Lines(vec![line.into()]), expected);
    }

    pub fn token(
        &mut self,
        name: impl Into<String>,
        token: String,
        expected: impl Into<Option<Reason>>,
    ) {
        self.presented(name, Presented::Token(token), expected);
    }

    pub fn presented(
        &mut self,
        name: impl Into<String>,
        presented: Presented,
        expected: impl Into<Option<Reason>>,
    ) {
        let name = name.into();
        let expected = expected.into();
        self.cases.push(Case {
            name,
            presented,
            judge: Judge::Listed,
            now: NOW + 1,
            expected,
        });
    }

    /// Sets the verifier of the last case.
    pub fn judged_by(&mut self, judge: Judge) {
        self.cases.last_mut().unwrap().judge = judge;
    }

    /// Sets the time at which the last case is verified.
    pub fn judged_at(&mut self, now: u64) {
        self.cases.last_mut().unwrap().now = now;
    }

    /// Returns the different things that must be denied.
    pub fn distinct_bad(&self) -> HashSet<&Presented> {
        self.cases
            .iter()
            .filter(|case| case.expected.is_some())
            .map(|case| &case.presented)
            .collect()
    }
}

/// One verifier for each `Judge`.
pub struct Court {
    listed: Verifier,
    any_organization: Verifier,
    without_keys: Verifier,
}

impl Court {
    pub async fn of(issuer: &Issuer, silent: &str) -> Self {
        Self {
            listed: issuer.verifier(listed()).await,
            any_organization: issuer.verifier(Tenants::AnyOrganization).await,
            without_keys: issuer.verifier_of(silent, listed()),
        }
    }

    /// Returns the reason for which the case is denied, or `None` if it is accepted.
    pub async fn denial_reason(&self, case: &Case) -> Option<Reason> {
        let token = match &case.presented {
            Presented::Token(token) => Ok(token.as_str()),
            Presented::Lines(lines) => {
                bearer_token(Authorization::from_lines(lines.iter().map(Vec::as_slice)))
            }
        };
        let verifier = match case.judge {
            Judge::Listed => &self.listed,
            Judge::AnyOrganization => &self.any_organization,
            Judge::WithoutKeys => &self.without_keys,
        };
        let decision = match token {
            Ok(token) => verifier
                .verify(token, &Audiences::Application(API.to_owned()), case.now)
                .await
                .map(drop),
            Err(denied) => Err(denied),
        };
        decision.err().map(|denied| denied.reason)
    }
}
