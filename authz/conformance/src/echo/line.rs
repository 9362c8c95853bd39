//! Splits bytes into lines as the most lenient server does.

use super::records::Seen;
use crate::canary::Canary;
use crate::escape::abridged;

/// Maximum bytes of a line in a record.
const QUOTED: usize = 240;

/// The lines of `bytes` that have a canary. A bare carriage return or line feed also ends a line,
/// as it does for some servers.
pub(super) fn with_canaries(part: &str, bytes: &[u8]) -> Vec<Seen> {
    let lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.filter_map(|line| seen(part, line)).collect()
}

fn seen(part: &str, line: &[u8]) -> Option<Seen> {
    let canaries: Vec<String> = Canary::find_all(line)
        .iter()
        .map(ToString::to_string)
        .collect();
    if canaries.is_empty() {
        return None;
    }
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let name = name.iter().map(|byte| char::from(*byte)).collect();
    Some(Seen {
        part: part.to_owned(),
        name,
        line: abridged(line, QUOTED),
        canaries,
    })
}

/// The ways in which lines end that servers read differently.
pub(super) fn odd_line_ends(bytes: &[u8]) -> Vec<&'static str> {
    let pairs = || bytes.iter().zip(bytes.iter().skip(1));
    let mut odd = Vec::new();
    if bytes.first() == Some(&b'\n')
        || pairs().any(|(before, byte)| *byte == b'\n' && *before != b'\r')
    {
        odd.push("a line feed without a carriage return");
    }
    if bytes.last() == Some(&b'\r')
        || pairs().any(|(byte, after)| *byte == b'\r' && *after != b'\n')
    {
        odd.push("a carriage return without a line feed");
    }
    if bytes.contains(&0) {
        odd.push("a NUL");
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::{odd_line_ends, with_canaries};
    use crate::canary::{Canary, Role};

    #[test]
    fn with_canaries_splits_at_every_line_break() {
        let canary = Canary {
            role: Role::Planted,
            run: 1,
            group: 2,
            index: 3,
        };
        let text = format!("GET / HTTP/1.1\r\na: b\rX-User-OID: {canary}\nc: {canary}\r\n d:e\r\n");
        let seen = with_canaries("head", text.as_bytes());
        let names: Vec<&str> = seen.iter().map(|seen| seen.name.as_str()).collect();
        assert_eq!(names, ["X-User-OID", "c"]);
        assert_eq!(seen[0].canaries, [canary.to_string()]);
    }

    #[test]
    fn odd_line_ends_are_reported() {
        struct Case {
            name: &'static str,
            bytes: &'static [u8],
            found: usize,
        }

        assert!(odd_line_ends(b"a\r\nb\r\n\r\n").is_empty());
        let case = |name, bytes, found| Case { name, bytes, found };
        for Case { name, bytes, found } in [
            case("line feed alone", b"a\nb\r\n", 1),
            case("only a line feed", b"\n", 1),
            case("carriage return inside", b"a\rb\r\n", 1),
            case("carriage return at the end", b"a\r", 1),
            case("null", b"\0\r\n", 1),
            case("two carriage returns, and a line feed", b"a\r\r\n\n", 2),
        ] {
            assert_eq!(odd_line_ends(bytes).len(), found, "{name}: {bytes:?}");
        }
    }
}
