//! Unique values. Where a canary appears, it came from the case that it identifies.

use std::fmt;

/// The kind of thing that a canary marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The request of the case itself, in the case header.
    Case,
    /// A spoofed value or a smuggled request, which must not arrive.
    Planted,
    /// The next request on the same connection.
    Next,
    /// A request of another client, on another connection.
    Other,
}

impl Role {
    const ALL: [(Self, char); 4] = [
        (Self::Case, 'c'),
        (Self::Planted, 'p'),
        (Self::Next, 'n'),
        (Self::Other, 'o'),
    ];

    fn letter(self) -> char {
        Self::ALL
            .into_iter()
            .find(|(role, _)| *role == self)
            .map_or('c', |(_, letter)| letter)
    }
}

/// One unique value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Canary {
    /// The role.
    pub(crate) role: Role,
    /// The run. It distinguishes values that an earlier run left in a pool or a cache.
    pub(crate) run: u16,
    /// The group of cases.
    pub(crate) group: u8,
    /// The case within the group.
    pub(crate) index: u32,
}

/// The start of every canary. No word of HTTP, of a token or of a path starts with it.
const MARK: &str = "pcz";
const DIGITS: usize = 4 + 2 + 6;
const LENGTH: usize = MARK.len() + 1 + DIGITS;

impl Canary {
    /// The same case with another role.
    #[must_use]
    pub(crate) fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Every canary in `bytes`, in upper or lower case.
    #[must_use]
    pub(crate) fn find_all(bytes: &[u8]) -> Vec<Self> {
        bytes.windows(LENGTH).filter_map(Self::parse).collect()
    }

    /// The first canary in `bytes`.
    #[must_use]
    pub(crate) fn find(bytes: &[u8]) -> Option<Self> {
        bytes.windows(LENGTH).find_map(Self::parse)
    }

    fn parse(window: &[u8]) -> Option<Self> {
        // A fast path for most windows, because a body may be long.
        if !window.first()?.eq_ignore_ascii_case(&b'p') {
            return None;
        }
        let text = std::str::from_utf8(window).ok()?.to_ascii_lowercase();
        let rest = text.strip_prefix(MARK)?;
        let mut characters = rest.chars();
        let letter = characters.next()?;
        let (role, _) = Role::ALL.into_iter().find(|(_, known)| *known == letter)?;
        let digits = characters.as_str();
        Some(Self {
            role,
            run: u16::from_str_radix(digits.get(..4)?, 16).ok()?,
            group: u8::from_str_radix(digits.get(4..6)?, 16).ok()?,
            index: u32::from_str_radix(digits.get(6..)?, 16).ok()?,
        })
    }
}

impl fmt::Display for Canary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            role,
            run,
            group,
            index,
        } = self;
        write!(
            formatter,
            "{MARK}{}{run:04x}{group:02x}{index:06x}",
            role.letter()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Canary, Role};

    #[test]
    fn find_returns_exactly_the_canaries() {
        let canary = Canary {
            role: Role::Planted,
            run: 0xbeef,
            group: 7,
            index: 0x0001_23ab,
        };
        for text in [
            format!("x-a: {canary}"),
            format!("{canary}"),
            format!("a={canary}&b").to_uppercase(),
        ] {
            assert_eq!(Canary::find_all(text.as_bytes()), [canary], "{text}");
        }
        let two = format!("{canary},{}", canary.with_role(Role::Other));
        assert_eq!(
            Canary::find_all(two.as_bytes()),
            [canary, canary.with_role(Role::Other)]
        );
        for text in [
            "",
            "pcz",
            "pczp",
            "pczx0000000000000",
            "pczpbeef07g123ab",
            "\u{fffd}pczpbeef",
        ] {
            assert_eq!(Canary::find(text.as_bytes()), None, "{text}");
        }
    }
}
