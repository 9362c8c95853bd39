//! Templates: byte strings with holes. A table has one line for each form of attack.

use std::borrow::Cow;

/// The header name and value that fill the holes.
pub(crate) struct Filling<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
}

impl Filling<'_> {
    /// Fills the holes of `template`.
    ///
    /// - `{n}` name, `{N}` NAME, `{t}` Title-Case, `{m}` mIxEd
    /// - `{u}` with `_` for `-`, `{U}` the same in upper case, `{h}` with `_` for the first `-`
    /// - `{.}` with `.` for `-`, and the same for each other character that a name can have
    /// - `{c}` the value, `{L}` 8 KiB, `{K}` 20 KiB, `{S}` sixty blanks
    pub(crate) fn fill(&self, template: &[u8]) -> Vec<u8> {
        let mut filled = Vec::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some((first, after)) = rest.split_first() {
            let hole = match rest {
                [b'{', letter, b'}', after @ ..] => self.hole(*letter).map(|text| (text, after)),
                _ => None,
            };
            if let Some((text, after_hole)) = hole {
                filled.extend_from_slice(text.as_bytes());
                rest = after_hole;
            } else {
                filled.push(*first);
                rest = after;
            }
        }
        filled
    }

    fn hole(&self, letter: u8) -> Option<Cow<'_, str>> {
        Some(match letter {
            b'n' => self.name.into(),
            b'N' => self.name.to_ascii_uppercase().into(),
            b't' => title(self.name).into(),
            b'm' => alternating(self.name).into(),
            b'u' => self.name.replace('-', "_").into(),
            b'U' => self.name.replace('-', "_").to_ascii_uppercase().into(),
            b'h' => self.name.replacen('-', "_", 1).into(),
            b'c' => self.value.into(),
            b'L' => "a".repeat(8 * 1024).into(),
            b'K' => "a".repeat(20 * 1024).into(),
            b'S' => " ".repeat(60).into(),
            // The characters of a token (RFC 9110 §5.6.2).
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'.' | b'^' | b'`' | b'|'
            | b'~' => self
                .name
                .replace('-', &char::from(letter).to_string())
                .into(),
            _ => return None,
        })
    }
}

fn title(name: &str) -> String {
    let mut upper = true;
    let characters = name.chars().map(|character| {
        let written = if upper {
            character.to_ascii_uppercase()
        } else {
            character
        };
        upper = character == '-';
        written
    });
    characters.collect()
}

fn alternating(name: &str) -> String {
    let characters = name.char_indices();
    characters
        .map(|(at, character)| {
            if at % 2 == 1 {
                character.to_ascii_uppercase()
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Filling;

    #[test]
    fn fill_replaces_only_holes() {
        struct Case {
            name: &'static str,
            template: &'static [u8],
            filled: &'static [u8],
        }

        let filling = Filling {
            name: "x-user-oid",
            value: "v",
        };
        for Case {
            name,
            template,
            filled,
        } in [
            Case {
                name: "lower case",
                template: b"{n}: {c}",
                filled: b"x-user-oid: v",
            },
            Case {
                name: "other cases",
                template: b"{N} {t} {m}",
                filled: b"X-USER-OID X-User-Oid x-uSeR-OiD",
            },
            Case {
                name: "underscores",
                template: b"{u} {U} {h}",
                filled: b"x_user_oid X_USER_OID x_user-oid",
            },
            Case {
                name: "other separators",
                template: b"{.} {~} {'}",
                filled: b"x.user.oid x~user~oid x'user'oid",
            },
            Case {
                name: "unknown places",
                template: b"{x} {n \xff}{",
                filled: b"{x} {n \xff}{",
            },
        ] {
            assert_eq!(filling.fill(template), filled, "{name}");
        }
        assert_eq!(filling.fill(b"{L}").len(), 8192);
    }
}
