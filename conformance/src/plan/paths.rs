//! Paths that lead past the gate, without a token and with one for something else.

use std::sync::Arc;

use super::{Kind, Made, Plan, version};
use crate::case::Case;
use crate::path::{Paths, targets};
use crate::target::{Routes, Target};

pub(super) fn plans(target: &Target, routes: &Routes, http2: bool) -> Vec<Plan> {
    let gateway = target.protected.iter().map(|protected| protected.path.clone()).collect();
    let paths = Paths { gateway, service: routes.service_paths(), host: target.host.clone() };
    let targets = Arc::new(targets(&paths));
    let plan = |with_token: bool| {
        let (all, tokens) = (Arc::clone(&targets), tokens(target, with_token));
        let token_of = move |index: u32| -> Option<String> {
            let base = all.get(usize::try_from(index).ok()?)?.base;
            tokens.get(base).cloned().flatten()
        };
        let token_of = Arc::new(token_of);
        let (targets, target, routes, tokens) = (Arc::clone(&targets), target.clone(), routes.clone(), Arc::clone(&token_of));
        Plan {
            name: format!("paths, {}, {}", if with_token { "another token" } else { "no token" }, version(http2)),
            cases: targets.len(),
            kind: Kind::Paths(Box::new(move |index| routes.open_to(token_of(index).as_deref()))),
            make: Box::new(move |canary| {
                let tried = targets.get(usize::try_from(canary.index).ok()?)?;
                let setting = target.get("/", tokens(canary.index).as_deref(), canary);
                let wire = setting.request_to(&tried.bytes, http2);
                Some(Made { case: Case { what: tried.what.clone(), wire }, setting })
            }),
        }
    };
    vec![plan(false), plan(true)]
}

/// For each protected path the token that is tried with what is made from it.
fn tokens(target: &Target, with_token: bool) -> Vec<Option<String>> {
    let all = target.protected.iter().map(|protected| with_token.then(|| protected.token.clone()));
    all.collect()
}
