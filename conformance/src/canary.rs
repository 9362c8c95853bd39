//! Values that occur nowhere else, so that where one shows up, it came from the case that it names.

use std::fmt;

/// What a canary marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The request of a case itself, in the header that says which case it is.
    Case,
    /// What must not arrive: a spoofed value, a smuggled request.
    Planted,
    /// The request that follows on the same connection.
    Next,
    /// A request of somebody else's, on another connection.
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
    /// What it marks.
    pub(crate) role: Role,
    /// The run, so that what an earlier one left in a pool or a cache is not taken for this one's.
    pub(crate) run: u16,
    /// The group of cases.
    pub(crate) group: u8,
    /// The case within the group.
    pub(crate) index: u32,
}

/// No word of HTTP, of a token or of a path starts so.
const MARK: &str = "pcz";
const DIGITS: usize = 4 + 2 + 6;
const LENGTH: usize = MARK.len() + 1 + DIGITS;

impl Canary {
    /// The same case with another role.
    #[must_use]
    pub(crate) fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Every canary in `bytes`, whatever its case.
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
        // Most windows end here, and a body may be long.
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
    fn a_canary_is_found_wherever_it_stands_and_nothing_else_is() {
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
