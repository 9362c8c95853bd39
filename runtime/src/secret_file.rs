use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Read permission of users other than owner and group.
const OTHERS_READ: u32 = 0o004;

/// Reads a secret from a UTF-8 file of at most `limit` bytes.
///
/// The error never contains the content.
pub fn read_secret(path: &Path, limit: usize) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let read = file.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() > limit {
        return Err(format!("has more than {limit} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not text".to_owned())
}

/// Warns if every user of the machine can read the secret at `path`.
///
/// It is not an error: Kubernetes mounts secrets with mode 0644 unless `defaultMode` says
/// otherwise, and its containers have no other user.
pub fn warn_if_others_can_read(path: &Path) {
    let readable =
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS_READ != 0);
    if readable {
        let file = path.display();
        tracing::warn!(%file, "every user of this machine can read this secret; run chmod o-r");
    }
}

#[cfg(test)]
mod tests {
    use super::read_secret;

    #[test]
    fn secret_file_is_read_whole_or_error_says_why() {
        struct Case {
            name: &'static str,
            content: &'static [u8],
            expected: Result<&'static str, &'static str>,
        }

        let folder = std::env::temp_dir().join(format!("portcullis-secret-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let case = |name, content, expected| Case {
            name,
            content,
            expected,
        };
        for Case {
            name,
            content,
            expected,
        } in [
            case("whole", b"four", Ok("four")),
            case("longer", b"fives", Err("has more than 4 bytes")),
            case("binary", b"\xff", Err("is not text")),
        ] {
            let file = folder.join(name);
            std::fs::write(&file, content).unwrap();
            let read = read_secret(&file, 4);
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{name}");
        }
        assert!(
            read_secret(&folder.join("absent"), 4)
                .unwrap_err()
                .starts_with("cannot be read")
        );
        assert!(
            read_secret(&folder, 4)
                .unwrap_err()
                .starts_with("cannot be read"),
            "a folder"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
