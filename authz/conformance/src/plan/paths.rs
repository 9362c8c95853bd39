//! Plans for confused paths, without a token and with a token for another path.

use std::sync::Arc;

use super::{Kind, Made, Plan, version};
use crate::case::Case;
use crate::path::{Paths, Target as Tried, TokenOf, targets};
use crate::target::{Routes, Target};

pub(super) fn plans(target: &Target, routes: &Routes, http2: bool) -> Vec<Plan> {
    let one_for_each_token: Vec<&str> = target
        .one_for_each_token()
        .iter()
        .map(|protected| protected.path.as_str())
        .collect();
    let all = || {
        target
            .protected
            .iter()
            .map(|protected| protected.path.clone())
    };
    let paths = Paths {
        gateway: all().collect(),
        thoroughly: all()
            .enumerate()
            .filter(|(_, path)| one_for_each_token.contains(&path.as_str()))
            .map(|(at, _)| at)
            .collect(),
        service: routes.service_paths(),
        host: target.host.clone(),
    };
    let targets: Arc<[Tried]> = targets(&paths).into();
    vec![
        plan(&targets, target, routes, http2, false),
        plan(&targets, target, routes, http2, true),
    ]
}

fn plan(
    targets: &Arc<[Tried]>,
    target: &Target,
    routes: &Routes,
    http2: bool,
    with_token: bool,
) -> Plan {
    let token_of = {
        let targets = Arc::clone(targets);
        let target = target.clone();
        move |index: u32| {
            let tried = targets.get(usize::try_from(index).ok()?)?;
            if with_token {
                token(&target, tried)
            } else {
                None
            }
        }
    };
    let targets = Arc::clone(targets);
    let target = target.clone();
    let routes = routes.clone();
    let token_of_case = token_of.clone();
    let tokens = if with_token {
        "another token"
    } else {
        "no token"
    };
    Plan {
        name: format!("paths, {tokens}, {}", version(http2)),
        cases: targets.len(),
        kind: Kind::Paths(Box::new(move |index| {
            routes.open_to(token_of(index).as_deref())
        })),
        make: Box::new(move |canary| {
            let tried = targets.get(usize::try_from(canary.index).ok()?)?;
            let setting = target.get("/", token_of_case(canary.index).as_deref(), canary);
            let wire = setting.request_to(&tried.bytes, http2);
            Some(Made {
                case: Case {
                    what: tried.what.clone(),
                    wire,
                },
                setting,
            })
        }),
    }
}

/// A token that does not open the path that the case tries to reach.
fn token(target: &Target, tried: &Tried) -> Option<String> {
    let base = target.protected.get(tried.base)?;
    match tried.token {
        TokenOf::Base => Some(base.token.clone()),
        TokenOf::AnotherPath => target
            .protected
            .iter()
            .find(|other| other.token != base.token)
            .map(|other| other.token.clone()),
    }
}
