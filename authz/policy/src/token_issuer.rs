//! Compiles one `TokenIssuer` document, for a program that verifies tokens without policies.

#[cfg(test)]
mod tests;

use crate::compile::own_problems;
use crate::document::{Documents, Named};
use crate::issuer::{Issuer, compile_issuer};
use crate::problem::{PolicyError, PolicyErrors};
use crate::spec::TokenIssuerSpec;

impl Issuer {
    /// Compiles the `TokenIssuer` in `text`, which is the only document there, or returns all
    /// policy errors. They name the text as `source`.
    ///
    /// A `RoutePolicy` or a `DenyList` is an error, because it would have no effect.
    pub fn parse(source: &str, text: &str) -> Result<Self, PolicyErrors> {
        let mut problems = Vec::new();
        let mut documents = Documents::default();
        documents.read(source, text, &mut problems);
        problems.extend(documents.policies.iter().map(without_effect));
        problems.extend(documents.deny_lists.iter().map(without_effect));
        let issuer = only_issuer(source, &documents, &mut problems).and_then(|document| {
            own_problems(document, &mut problems, |found| {
                compile_issuer(document, found)
            })
        });
        // In the order of the text.
        problems.sort_by_key(|problem| problem.place);
        match issuer {
            Some(issuer) if problems.is_empty() => Ok(issuer),
            _ => Err(PolicyErrors(problems)),
        }
    }
}

fn without_effect<Spec>(document: &Named<Spec>) -> PolicyError {
    let problem = format!(
        "a {} has no effect here; keep the TokenIssuer alone",
        document.kind
    );
    document.problem("kind", problem)
}

/// The first `TokenIssuer`. A missing one is an error, and so is each further one.
fn only_issuer<'a>(
    source: &str,
    documents: &'a Documents,
    problems: &mut Vec<PolicyError>,
) -> Option<&'a Named<TokenIssuerSpec>> {
    let (first, others) = match documents.issuers.split_first() {
        Some((first, others)) => (Some(first), others),
        None => (None, &[][..]),
    };
    let second = "is one more TokenIssuer, and only one can be used; remove the others";
    problems.extend(
        others
            .iter()
            .map(|issuer| issuer.problem("metadata.name", second)),
    );
    if first.is_none() && problems.is_empty() {
        problems.push(PolicyError::of_file(
            source,
            "has no TokenIssuer; add the document of the issuer whose tokens count",
        ));
    }
    first
}
