//! The parts of HPACK (RFC 7541) that send any name and value, and that read a status.

use crate::case::{Field, Framing};

/// Index of the newest entry of the dynamic table, behind the 61 static entries (§2.3.3).
const NEWEST: u8 = 0x3e;

/// Encodes fields as literals without Huffman code, so that every byte is sent unchanged.
pub(super) fn compress(fields: &[Field], framing: Framing) -> Vec<u8> {
    let mut block = Vec::new();
    let last = fields.len().saturating_sub(1);
    for (at, (name, value)) in fields.iter().enumerate() {
        let indexed = framing == Framing::Indexed && at == last;
        block.push(if indexed { 0x40 } else { 0x00 });
        for text in [name, value] {
            push_length(&mut block, text.len());
            block.extend_from_slice(text);
        }
        if indexed {
            block.push(0x80 | NEWEST);
        }
    }
    block
}

/// Encodes an integer with a prefix of 7 bits (§5.1).
fn push_length(block: &mut Vec<u8>, length: usize) {
    let byte = |value: usize| u8::try_from(value).unwrap_or(u8::MAX);
    if length < 127 {
        block.push(byte(length));
        return;
    }
    block.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        block.push(byte(rest % 128) | 0x80);
        rest /= 128;
    }
    block.push(byte(rest));
}

/// Reads the status at the start of a block of fields: an entry of the static table, or a literal,
/// which may be Huffman-coded.
pub(super) fn status(block: &[u8]) -> Option<u16> {
    match block {
        // An update of the table's size may come first (§6.3).
        [0x20..=0x3f, rest @ ..] => status(rest),
        [index @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500]
            .get(usize::from(index - 0x88))
            .copied(),
        [0x08..=0x0e | 0x18..=0x1e | 0x48..=0x4e, 3, digits @ ..] => {
            std::str::from_utf8(digits.get(..3)?).ok()?.parse().ok()
        }
        [
            0x08..=0x0e | 0x18..=0x1e | 0x48..=0x4e,
            length @ 0x82..=0x83,
            coded @ ..,
        ] => digits(coded.get(..usize::from(length & 0x7f))?),
        _ => None,
    }
}

/// Decodes three digits of the Huffman code in appendix B. `0`, `1` and `2` have five bits, the
/// other digits six.
fn digits(coded: &[u8]) -> Option<u16> {
    let at = |index| coded.get(index).copied().unwrap_or_default();
    let mut bits = u32::from_be_bytes([at(0), at(1), at(2), 0]);
    let mut number = 0_u16;
    for _ in 0..3 {
        let (digit, length) = match bits >> 27 {
            short @ 0..=2 => (short, 5),
            _ => ((bits >> 26).checked_sub(0b01_1001)? + 3, 6),
        };
        number = number * 10 + u16::try_from(digit).ok().filter(|digit| *digit <= 9)?;
        bits <<= length;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::{compress, status};
    use crate::case::Framing;

    #[test]
    fn status_is_read_in_every_encoding() {
        struct Case {
            name: &'static str,
            block: &'static [u8],
            expected: Option<u16>,
        }

        let case = |name, block, expected| Case {
            name,
            block,
            expected,
        };
        for Case {
            name,
            block,
            expected,
        } in [
            case("indexed", &[0x88], Some(200)),
            case("table size, then indexed", &[0x20, 0x8d], Some(404)),
            case("literal", &[0x48, 0x03, b'4', b'0', b'1'], Some(401)),
            // Appendices C.6.1 and C.6.2.
            case("Huffman 302", &[0x48, 0x82, 0x64, 0x02], Some(302)),
            case("Huffman 307", &[0x48, 0x83, 0x64, 0x0e, 0xff], Some(307)),
            case("no value", &[0x00], None),
            case("invalid Huffman", &[0x48, 0x83, 0xff, 0xff, 0xff], None),
            case("empty", &[], None),
        ] {
            assert_eq!(status(block), expected, "{name}: {block:x?}");
        }
    }

    #[test]
    fn compress_keeps_bytes_of_fields() {
        let fields = [
            (b"A\r".to_vec(), b"\xff".to_vec()),
            (b"b".to_vec(), Vec::new()),
        ];
        assert_eq!(
            compress(&fields, Framing::Whole),
            b"\x00\x02A\r\x01\xff\x00\x01b\x00"
        );
        assert_eq!(
            compress(&fields, Framing::Indexed),
            b"\x00\x02A\r\x01\xff\x40\x01b\x00\xbe"
        );
    }
}
