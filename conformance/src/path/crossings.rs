//! From a path that is open to some caller, by way of the file system's `..`, to one that is not.

use super::{Paths, Target, TokenOf};

/// One step up, as one reader or another writes it.
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
            // What the gateway rewrites has another name behind it, which a route for everything
            // else may let through.
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

/// As many steps as lead to the root, and one more; from the path itself and from the folder that
/// it is in.
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
