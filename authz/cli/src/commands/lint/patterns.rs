//! Analyzes regular expressions by their syntax trees.
//!
//! Envoy's engine is RE2. `regex-syntax` parses the same language, except for rare escapes (`\C`,
//! `\Q`), which it rejects.

use regex_syntax::ast::{self, Ast, Flag, Flags, Visitor};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// A regular expression, as its syntax tree and its compiled form.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    ast: Ast,
    hir: Hir,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let ast = ast::parse::Parser::new().parse(text).ok()?;
        let hir = regex_syntax::parse(text).ok()?;
        Some(Self { ast, hir })
    }

    /// Whether a part of the pattern ignores case, by a flag such as `(?i)`, `(?si)` or `(?i:…)`.
    pub(super) fn ignores_case(&self) -> bool {
        ast::visit(&self.ast, FindsIgnoredCase(false)).unwrap_or(true)
    }

    /// Whether every alternative matches only at the start of the path.
    pub(super) fn begins_at_start(&self) -> bool {
        self.hir
            .properties()
            .look_set_prefix()
            .contains(Look::Start)
    }

    /// Whether a wildcard that matches slashes precedes another part that must match.
    pub(super) fn crosses_segments(&self) -> bool {
        crosses_segments(&self.hir)
    }

    /// Whether a wildcard for one segment also matches `%` or `;`.
    pub(super) fn matches_odd_characters(&self) -> bool {
        let is_odd = |class: &Class| !has(class, '/') && (has(class, '%') || has(class, ';'));
        any(
            &self.hir,
            &|hir| matches!(hir.kind(), HirKind::Class(class) if is_odd(class)),
        )
    }

    /// Whether the pattern, or one of its alternatives, matches no string in lower case.
    pub(super) fn has_part_without_lower_case(&self) -> bool {
        let is_dead = |hir: &Hir| match hir.kind() {
            HirKind::Alternation(parts) => parts.iter().any(|part| !matches_lower_case(part)),
            _ => false,
        };
        !matches_lower_case(&self.hir) || any(&self.hir, &is_dead)
    }
}

/// Finds a flag that ignores case.
struct FindsIgnoredCase(bool);

impl Visitor for FindsIgnoredCase {
    type Output = bool;
    type Err = ();

    fn finish(self) -> Result<bool, ()> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        let ignores_case = |flags: &Flags| flags.flag_state(Flag::CaseInsensitive) == Some(true);
        self.0 |= match ast {
            Ast::Flags(set) => ignores_case(&set.flags),
            Ast::Group(group) => group.flags().is_some_and(ignores_case),
            _ => false,
        };
        Ok(())
    }
}

/// The parts of an expression.
fn parts(hir: &Hir) -> &[Hir] {
    match hir.kind() {
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts,
        HirKind::Capture(capture) => std::slice::from_ref(&*capture.sub),
        HirKind::Repetition(repetition) => std::slice::from_ref(&*repetition.sub),
        _ => &[],
    }
}

/// Whether `is` holds for the expression or something in it. The parser bounds the depth.
fn any(hir: &Hir, is: &impl Fn(&Hir) -> bool) -> bool {
    is(hir) || parts(hir).iter().any(|part| any(part, is))
}

fn crosses_segments(hir: &Hir) -> bool {
    let followed = |parts: &[Hir]| {
        let must_match = |part: &Hir| part.properties().minimum_len() != Some(0);
        let wildcard = parts.iter().position(|part| any(part, &is_wildcard));
        wildcard.is_some_and(|index| parts.iter().skip(index + 1).any(must_match))
    };
    any(
        hir,
        &|hir| matches!(hir.kind(), HirKind::Concat(parts) if followed(parts)),
    )
}

/// Whether the expression repeats `.` or a similar class. A class such as `[a-z/]` lists the slash
/// on purpose, so it is no wildcard.
fn is_wildcard(hir: &Hir) -> bool {
    let is_wide = |class: &Class| {
        ['/', '%', ';', 'a']
            .into_iter()
            .all(|character| has(class, character))
    };
    match hir.kind() {
        HirKind::Repetition(repetition) if repetition.max.is_none_or(|max| max > 1) => any(
            &repetition.sub,
            &|sub| matches!(sub.kind(), HirKind::Class(class) if is_wide(class)),
        ),
        _ => false,
    }
}

fn has(class: &Class, character: char) -> bool {
    match class {
        Class::Unicode(class) => class
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&character)),
        Class::Bytes(class) => {
            let byte = u8::try_from(character).unwrap_or_default();
            class
                .iter()
                .any(|range| (range.start()..=range.end()).contains(&byte))
        }
    }
}

fn matches_lower_case(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => !literal.0.iter().any(u8::is_ascii_uppercase),
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .any(|range| range.start() < 'A' || range.end() > 'Z'),
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .any(|range| range.start() < b'A' || range.end() > b'Z'),
        HirKind::Repetition(repetition) => {
            repetition.min == 0 || matches_lower_case(&repetition.sub)
        }
        HirKind::Alternation(parts) => parts.iter().any(matches_lower_case),
        _ => parts(hir).iter().all(matches_lower_case),
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    /// A property, with patterns that have it and patterns that do not.
    struct Property {
        holds: fn(&Pattern) -> bool,
        patterns: &'static [&'static str],
        others: &'static [&'static str],
    }

    impl Property {
        fn check(self) {
            let holds = |text: &str| (self.holds)(&Pattern::parse(text).unwrap());
            for text in self.patterns {
                assert!(holds(text), "{text}");
            }
            for text in self.others {
                assert!(!holds(text), "{text}");
            }
        }
    }

    #[test]
    fn pattern_with_case_flag_ignores_case() {
        Property {
            holds: Pattern::ignores_case,
            patterns: &[
                "(?i)/api",
                "(?si)/api",
                "(?is)/api",
                "/a(?i)pi",
                "/a(?i:pi)",
            ],
            others: &["/Api", "/a(?s-i:pi)", "(?s)/api", r"/\(\?i\)", "/[(?i)]"],
        }
        .check();
    }

    #[test]
    fn pattern_begins_at_start_in_each_alternative() {
        Property {
            holds: Pattern::begins_at_start,
            patterns: &["^/a", r"\A/a", "(?i)^/a", "(^/a)|(^/b)", "^(/a|/b)"],
            others: &["^/a|/b", "/a", "(?m)^/a", "x?^/a", "^?/a"],
        }
        .check();
    }

    #[test]
    fn pattern_with_inner_wildcard_crosses_segments() {
        Property {
            holds: Pattern::crosses_segments,
            patterns: &[
                "/users/.*/photo",
                ".*\\.css",
                "/a/(.+)/b",
                "/a/.{1,20}b",
                "/a/[^x]*/b",
                "(/a/.*/b|/c)",
            ],
            others: &[
                "/users/.*",
                "/users/.*/?",
                "/users/[^/]+/photo",
                "/users/[a-z/]+/photo",
                "/users/(/[a-z]+)*/photo",
                "/users/.",
            ],
        }
        .check();
    }

    #[test]
    fn segment_with_odd_characters_is_found() {
        Property {
            holds: Pattern::matches_odd_characters,
            patterns: &["/a/[^/]+", "/a/[^/]+/b", "/a/[a-z%]+", "/a/[a-z;=]+"],
            others: &["/a/[A-Za-z0-9_-]+", r"/a/\w+", "/a/.*", "/a/b%20c"],
        }
        .check();
    }

    #[test]
    fn pattern_with_upper_case_has_part_without_lower_case() {
        Property {
            holds: Pattern::has_part_without_lower_case,
            patterns: &["X-User-.*", "x-user-[A-Z]+", "(x-user-oid|X-User-Name)"],
            others: &[
                "x-user-.*",
                "(?i)X-User-.*",
                "x-user-[A-Za-z]+",
                "x-user-[A-Z]*",
                "x-(user|tenant)-[a-z]+",
            ],
        }
        .check();
    }

    #[test]
    fn parse_rejects_invalid_pattern() {
        for text in ["(", "[a", r"\C"] {
            assert!(Pattern::parse(text).is_none(), "{text}");
        }
    }
}
