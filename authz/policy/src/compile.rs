//! Compiles typed documents into a set in which every name exists and every rule can be met.

mod accepted_tokens;
mod deny_list;
mod policy;
mod rule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::deny_list::DenyList;
use crate::document::{Documents, Named};
use crate::issuer::{Issuer, compile_issuer};
use crate::problem::{PolicyError, PolicyErrors};
use crate::route_policy::RoutePolicy;
use crate::spec::TokenIssuerSpec;
use deny_list::deny_list;
use policy::compile_policy;

/// A set of policies, checked and compiled as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    issuers: BTreeMap<String, Issuer>,
    policies: BTreeMap<String, RoutePolicy>,
    deny_list: Arc<DenyList>,
}

impl PolicySet {
    /// Compiles the documents of `files` (names and contents), or returns all policy errors.
    ///
    /// ```
    /// use portcullis_policy::PolicySet;
    ///
    /// let documents = "
    /// apiVersion: portcullis.dev/v1alpha1
    /// kind: RoutePolicy
    /// metadata: {name: website}
    /// spec:
    ///   allow: [{callers: anyone, methods: [GET]}]
    ///   upstream: {name: web}
    /// ";
    /// let set = PolicySet::compile([("website.yaml", documents)])?;
    /// assert!(set.policy("website").is_some());
    ///
    /// let misspelled = documents.replace("methods", "method").replace("upstream", "upstreams");
    /// let errors = PolicySet::compile([("website.yaml", misspelled.as_str())]).unwrap_err();
    /// assert_eq!(
    ///     errors.lines(),
    ///     [
    ///         "website.yaml:6:29: RoutePolicy website: spec.allow[0].method: \
    ///          unknown field `method`; did you mean methods?",
    ///         "website.yaml:7:3: RoutePolicy website: spec.upstreams: \
    ///          unknown field `upstreams`; did you mean upstream?",
    ///     ]
    /// );
    /// # Ok::<(), portcullis_policy::PolicyErrors>(())
    /// ```
    pub fn compile<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PolicyErrors> {
        Self::compile_beside(files, Vec::new())
    }

    /// Compiles like [`Self::compile`] if other files could not be read.
    ///
    /// `problems` has the errors of those files. They may hold documents that `files` refer to, so
    /// a missing document is not an error.
    pub fn compile_beside<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        mut problems: Vec<PolicyError>,
    ) -> Result<Self, PolicyErrors> {
        let mut documents = Documents {
            unread: !problems.is_empty(),
            ..Documents::default()
        };
        let mut sources = Vec::new();
        for (source, text) in files {
            documents.read(source, text, &mut problems);
            sources.push(source);
        }
        let set = compile_documents(&documents, &mut problems);
        if set.policies.is_empty() && problems.is_empty() {
            problems.push(PolicyError::of_file(
                sources.join(", "),
                "has no RoutePolicy, so no request could pass; add one",
            ));
        }
        // In the order of the files.
        problems.sort_by(|one, other| (&one.source, one.place).cmp(&(&other.source, other.place)));
        if problems.is_empty() {
            Ok(set)
        } else {
            Err(PolicyErrors(problems))
        }
    }

    /// The policy of this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&RoutePolicy> {
        self.policies.get(name)
    }

    /// Every policy, by name.
    pub fn policies(&self) -> impl Iterator<Item = &RoutePolicy> {
        self.policies.values()
    }

    /// A `policy` of an earlier set, with the deny list of this set.
    #[must_use]
    pub fn with_deny_list(&self, policy: &RoutePolicy) -> RoutePolicy {
        RoutePolicy {
            deny_list: Arc::clone(&self.deny_list),
            ..policy.clone()
        }
    }

    /// Every issuer, by name.
    pub fn issuers(&self) -> impl Iterator<Item = (&str, &Issuer)> {
        self.issuers
            .iter()
            .map(|(name, issuer)| (name.as_str(), issuer))
    }
}

fn compile_documents(documents: &Documents, problems: &mut Vec<PolicyError>) -> PolicySet {
    documents.check_names(problems);
    // An issuer that could not be read may be another provider than Entra.
    let only_entra = !documents.unread && is_only_entra(&documents.issuers);
    let mut set = PolicySet::default();
    for issuer in &documents.issuers {
        if let Some(compiled) = own_problems(issuer, problems, |problems| {
            compile_issuer(issuer, problems)
        }) {
            set.issuers.insert(issuer.name.clone(), compiled);
        }
    }
    set.deny_list = deny_list(&documents.deny_lists, only_entra, problems);
    for policy in &documents.policies {
        let compile =
            |problems: &mut Vec<_>| compile_policy(policy, documents, &set.deny_list, problems);
        if let Some(compiled) = own_problems(policy, problems, compile) {
            set.policies.insert(policy.name.clone(), compiled);
        }
    }
    set
}

/// Compiles `document`, without the policy errors that follow from bad members.
pub(crate) fn own_problems<Spec, T>(
    document: &Named<Spec>,
    problems: &mut Vec<PolicyError>,
    compile: impl FnOnce(&mut Vec<PolicyError>) -> T,
) -> T {
    let mut found = Vec::new();
    let compiled = compile(&mut found);
    problems.extend(
        found
            .into_iter()
            .filter(|problem| !document.follows_from_bad_member(problem)),
    );
    compiled
}

fn is_only_entra(issuers: &[Named<TokenIssuerSpec>]) -> bool {
    !issuers.is_empty() && issuers.iter().all(|issuer| issuer.spec.entra.is_some())
}
