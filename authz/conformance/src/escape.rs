//! Escapes bytes for `printf '%b'`, so that the request of a finding can be sent again.

use std::fmt::Write;

/// Keeps printable ASCII and escapes everything else.
#[must_use]
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
    }
    text
}

/// [`escaped`], without the middle if there are more than `most` bytes.
#[must_use]
pub(crate) fn abridged(bytes: &[u8], most: usize) -> String {
    let half = most / 2;
    match (
        bytes.get(..half),
        bytes
            .len()
            .checked_sub(half)
            .and_then(|start| bytes.get(start..)),
    ) {
        (Some(start), Some(end)) if bytes.len() > most => {
            format!(
                "{} [{} bytes more] {}",
                escaped(start),
                bytes.len() - 2 * half,
                escaped(end)
            )
        }
        _ => escaped(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::{abridged, escaped};

    #[test]
    fn escaped_bytes_are_unique() {
        let all: Vec<u8> = (0..=255).collect();
        let texts: std::collections::HashSet<String> =
            all.iter().map(|byte| escaped(&[*byte])).collect();
        assert_eq!(texts.len(), 256);
        assert_eq!(escaped(b"a: \\\xff\r\n\0"), "a: \\\\\\xff\\r\\n\\x00");
        assert_eq!(abridged(b"0123456789", 4), "01 [6 bytes more] 89");
        assert_eq!(abridged(b"0123", 4), "0123");
    }
}
