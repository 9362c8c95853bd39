//! Plans for spoofed headers, on every kind of route.

use std::sync::Arc;

use super::{Kind, Made, Plan, version};
use crate::canary::Canary;
use crate::case::Setting;
use crate::spoof::spoofs;
use crate::target::Target;

/// A suffix that makes a path unknown to the gateway.
const NOWHERE: &str = "-conformance-nowhere";

/// A kind of route.
#[derive(Clone, Copy)]
enum Route {
    Protected,
    Public,
    Preflight,
    Unknown,
}

impl Route {
    const ALL: [Self; 4] = [
        Self::Protected,
        Self::Public,
        Self::Preflight,
        Self::Unknown,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Public => "public",
            Self::Preflight => "preflight",
            Self::Unknown => "unknown",
        }
    }

    /// The paths to request, each with its token.
    fn paths(self, target: &Target) -> Vec<(String, Option<String>)> {
        if matches!(self, Self::Public) {
            return target
                .public
                .iter()
                .map(|path| (path.clone(), None))
                .collect();
        }
        let end = if matches!(self, Self::Unknown) {
            NOWHERE
        } else {
            ""
        };
        let each = target.one_for_each_token().into_iter();
        each.map(|protected| {
            (
                format!("{}{end}", protected.path),
                Some(protected.token.clone()),
            )
        })
        .collect()
    }

    fn setting(self, target: &Target, path: &str, token: Option<&str>, canary: Canary) -> Setting {
        let get = target.get(path, token, canary);
        if !matches!(self, Self::Preflight) {
            return get;
        }
        let more = [
            ("origin", target.origin.as_str()),
            ("access-control-request-method", "GET"),
        ];
        let more = more
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        Setting {
            method: "OPTIONS".to_owned(),
            token: None,
            more,
            ..get
        }
    }
}

pub(super) fn plans(target: &Target, http2: bool) -> Vec<Plan> {
    let spoofs = Arc::new(spoofs(&target.identity, http2));
    let plan = |route: Route| {
        let spoofs = Arc::clone(&spoofs);
        let paths = route.paths(target);
        let target = target.clone();
        Plan {
            name: format!("headers, {}, {}", route.name(), version(http2)),
            cases: spoofs.len() * paths.len(),
            kind: Kind::Headers,
            make: Box::new(move |canary| {
                let index = usize::try_from(canary.index).ok()?;
                let (path, token) = paths.get(index.checked_div(spoofs.len())?)?;
                let spoof = spoofs.get(index.checked_rem(spoofs.len())?)?;
                let setting = route.setting(&target, path, token.as_deref(), canary);
                Some(Made {
                    case: spoof.case(&setting),
                    setting,
                })
            }),
        }
    };
    Route::ALL.into_iter().map(plan).collect()
}
