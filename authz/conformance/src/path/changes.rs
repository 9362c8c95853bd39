//! Other spellings of one path.

use super::spelling::{forms, respelt};
use super::{Paths, Target, TokenOf};

/// Strings that some server ignores between, before or behind segments.
const INSERTED: &[&str] = &[
    ".",
    "./",
    "./.",
    "..",
    "../.",
    ";",
    ";a=b",
    ";a=b;c=d",
    ";jsessionid=1",
    ";/",
    ".;",
    ".;/",
    "..;",
    "..;/",
    ";..",
    "%3b",
    "%3ba=b",
    "%2e",
    "%2E",
    "%2e%2f",
    ".%2f",
    "%2f",
    "%2F",
    "%5c",
    "%5C",
    "\\",
    "\\.",
    "\\..\\",
    "/",
    "//",
    "///",
    "/./",
    "/.//",
    "%20",
    "%09",
    "%0a",
    "%0d%0a",
    "%00",
    " ",
    "+",
    "~",
    "*",
    "%2a",
    "?",
    "??",
    "?/",
    "%3f",
    "#",
    "%23",
    "#/../",
    "&",
    "=",
    ":",
    "@",
    "!",
    "'",
    "$",
    ",",
    "|",
    "^",
    "`",
    "\"",
    "<",
    ">",
    "{",
    "}",
    "[",
    "]",
    "%c0%af",
    "%c0%ae",
    "%e0%80%af",
    "%ef%bc%8f",
    "%ef%bc%8e",
    "%u002f",
    "%u002e",
    "%25",
    "%252f",
    "%252e",
    "%255c",
    "%25%32%66",
    "%%32%66",
    "%",
    "%2",
    "%g0",
    "\u{ff0f}",
    "\u{2215}",
    "\u{200b}",
    ".json",
    ".css",
    ".html",
    "/index.html",
    "/~",
    "/*",
    "/%2e",
    "/%2e/",
    "/..%00/",
    "/.%00",
    "%2e%2e%00",
];

pub(super) fn all(paths: &Paths) -> Vec<Target> {
    let each = paths.gateway.iter().enumerate();
    each.flat_map(|(base, path)| {
        let by_bytes = if paths.thoroughly.contains(&base) {
            by_bytes(base, path)
        } else {
            Vec::new()
        };
        let inserted = INSERTED.iter().flat_map(move |text| {
            at_every_place(base, path, &format!("{text:?}"), text.as_bytes(), true)
        });
        let respelt = respelt(path).into_iter().map(move |(what, text)| {
            Target::new(base, TokenOf::AnotherPath, what, text.into_bytes())
        });
        let forms = forms(path, &paths.host)
            .into_iter()
            .map(move |(what, text)| {
                Target::new(base, TokenOf::AnotherPath, what, text.into_bytes())
            });
        by_bytes
            .into_iter()
            .chain(inserted)
            .chain(respelt)
            .chain(forms)
    })
    .collect()
}

/// Targets with each byte raw, escaped, and escaped twice.
fn by_bytes(base: usize, path: &str) -> Vec<Target> {
    let bytes = (0..=u8::MAX).flat_map(|byte| {
        let escaped = at_every_place(
            base,
            path,
            "an escape",
            format!("%{byte:02x}").as_bytes(),
            true,
        );
        let twice = at_every_place(
            base,
            path,
            "an escape of an escape",
            format!("%25{byte:02x}").as_bytes(),
            false,
        );
        let raw = at_every_place(base, path, "a byte", &[byte], false);
        escaped.into_iter().chain(twice).chain(raw)
    });
    bytes.collect()
}

/// Targets with `text` behind the path and in its last segment. If `everywhere`, also before the
/// path, and around and instead of each slash.
fn at_every_place(
    base: usize,
    path: &str,
    what: &str,
    text: &[u8],
    everywhere: bool,
) -> Vec<Target> {
    let target = |place: &str, start: &str, end: &str| {
        let bytes = [start.as_bytes(), text, end.as_bytes()].concat();
        Target::new(
            base,
            TokenOf::AnotherPath,
            &format!("{what} {place} {path}"),
            bytes,
        )
    };
    let inside = path.len().saturating_sub(2);
    let (start, end) = path.split_at_checked(inside).unwrap_or((path, ""));
    let mut targets = vec![target("behind", path, ""), target("inside", start, end)];
    if everywhere {
        targets.push(target("as the first segment of", "/", path));
        for (at, _) in path.match_indices('/').skip(1) {
            let (before, after) = path.split_at(at);
            let segment = after.strip_prefix('/').unwrap_or(after);
            targets.push(target("before a slash of", before, after));
            targets.push(target("behind a slash of", &format!("{before}/"), segment));
            targets.push(target("as a segment of", &format!("{before}/"), after));
            targets.push(target("instead of a slash of", before, segment));
        }
    }
    targets
}
