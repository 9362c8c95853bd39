//! Finds out whether an ELF program is static.

use anyhow::{Context, ensure};

const MAGIC: &[u8] = b"\x7fELF";
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
/// Program header type of the path of the loader. A static program has none, a static
/// position-independent one included.
const PT_INTERP: u64 = 3;

/// The loader that a 64-bit little-endian program needs, or `None` if it is static.
pub(crate) fn loader(bytes: &[u8]) -> anyhow::Result<Option<String>> {
    ensure!(bytes.starts_with(MAGIC), "not an ELF program");
    ensure!(
        bytes.get(4..6) == Some(&[CLASS_64, LITTLE_ENDIAN]),
        "not a 64-bit little-endian ELF program"
    );
    let table = number(bytes, 0x20, 8)?;
    let size = number(bytes, 0x36, 2)?;
    let count = number(bytes, 0x38, 2)?;
    for index in 0..count {
        let header = index
            .checked_mul(size)
            .and_then(|offset| table.checked_add(offset))
            .context("cut short")?;
        if number(bytes, header, 4)? == PT_INTERP {
            let start = number(bytes, header.saturating_add(0x08), 8)?;
            let length = number(bytes, header.saturating_add(0x20), 8)?;
            let path = slice(bytes, start, length)?;
            return Ok(Some(
                String::from_utf8_lossy(path)
                    .trim_end_matches('\0')
                    .to_owned(),
            ));
        }
    }
    Ok(None)
}

fn number(bytes: &[u8], offset: u64, width: u64) -> anyhow::Result<u64> {
    Ok(slice(bytes, offset, width)?
        .iter()
        .rev()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> anyhow::Result<&[u8]> {
    let end = offset.checked_add(length).context("cut short")?;
    bytes
        .get(usize::try_from(offset)?..usize::try_from(end)?)
        .context("cut short")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::loader;

    /// A program of one header, which names the loader if there is one.
    pub(crate) fn program(names: Option<&str>) -> Vec<u8> {
        let mut bytes = vec![0; 0x40 + 0x38];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[0x20] = 0x40;
        bytes[0x36] = 0x38;
        bytes[0x38] = 1;
        bytes[0x40] = 1;
        if let Some(name) = names {
            bytes[0x40] = 3;
            bytes[0x48] = 0x78;
            bytes[0x60] = u8::try_from(name.len() + 1).unwrap();
            bytes.extend(name.bytes().chain([0]));
        }
        bytes
    }

    #[test]
    fn loader_of_a_program_is_found() {
        struct Case {
            name: &'static str,
            bytes: Vec<u8>,
            found: bool,
        }

        let tests = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for Case { name, bytes, found } in [
            Case {
                name: "static",
                bytes: program(None),
                found: false,
            },
            Case {
                name: "dynamic",
                bytes: program(Some("/lib/ld-musl-x86_64.so.1")),
                found: true,
            },
            Case {
                name: "these tests",
                bytes: tests,
                found: cfg!(not(target_feature = "crt-static")),
            },
        ] {
            assert_eq!(loader(&bytes).unwrap().is_some(), found, "{name}");
        }
    }

    #[test]
    fn broken_program_is_an_error() {
        let whole = program(Some("/lib/ld-musl-x86_64.so.1"));
        let mut endless = whole.clone();
        endless[0x60..0x68].fill(0xff);
        for (name, bytes) in [
            ("empty", &[][..]),
            ("magic alone", b"\x7fELF"),
            ("32 bits", b"\x7fELF\x01\x01"),
            ("cut before the headers", &whole[..0x40]),
            ("cut in the name", &whole[..0x7a]),
            ("endless name", &endless),
        ] {
            assert!(loader(bytes).is_err(), "{name}");
        }
    }
}
