use base64::Engine;

use super::{KEY_ID_LABEL, MAX_MAC_KEY_FILE, MacKeyError, MacKeys};

/// The bytes 0 to 31, and others, in both alphabets.
const FIRST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECOND: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
const SECOND_URL_SAFE: &str = "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA";

#[test]
fn key_file_is_read_with_comments_and_in_both_alphabets() {
    let expected = MacKeys::parse(&format!("{FIRST}\n{SECOND}")).unwrap();
    assert_eq!(expected.key_ids().len(), 2);
    for text in [
        format!("{FIRST}\n{SECOND_URL_SAFE}\n"),
        format!("# of the year 2026\n\n  {FIRST}  # signs\r\n\t{SECOND_URL_SAFE}=\r\n#{SECOND}\n"),
        format!(
            "{}\n{}",
            FIRST.trim_end_matches('='),
            SECOND.trim_end_matches('=')
        ),
    ] {
        assert_eq!(
            MacKeys::parse(&text).unwrap().key_ids(),
            expected.key_ids(),
            "{text}"
        );
    }
    let turned = MacKeys::parse(&format!("{SECOND}\n{FIRST}")).unwrap();
    assert_eq!(
        turned.key_ids(),
        expected.key_ids().into_iter().rev().collect::<Vec<_>>(),
        "the first line signs"
    );
}

#[test]
fn unusable_key_file_is_explained_without_its_key() {
    struct Case {
        name: &'static str,
        text: String,
        error: MacKeyError,
    }

    let bytes = |seed: u8| core::array::from_fn::<u8, 32, _>(|n| u8::try_from(n).unwrap() ^ seed);
    let random = |seed: u8| super::URL_SAFE_NO_PAD.encode(bytes(seed));
    for Case { name, text, error } in [
        Case {
            name: "empty",
            text: String::new(),
            error: MacKeyError::Empty,
        },
        Case {
            name: "comments alone",
            text: "# nothing yet\n\n".to_owned(),
            error: MacKeyError::Empty,
        },
        Case {
            name: "31 bytes",
            text: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==".to_owned(),
            error: MacKeyError::TooShort {
                line: 1,
                length: 31,
            },
        },
        Case {
            name: "short key on the third line",
            text: format!("{FIRST}\n\nc2hvcnQ="),
            error: MacKeyError::TooShort { line: 3, length: 5 },
        },
        Case {
            name: "PEM",
            text: "-----BEGIN PUBLIC KEY-----".to_owned(),
            error: MacKeyError::NotBase64 { line: 1 },
        },
        Case {
            name: "two keys on one line",
            text: format!("{FIRST} {SECOND}"),
            error: MacKeyError::NotBase64 { line: 1 },
        },
        Case {
            name: "JWK on the second line",
            text: format!("{FIRST}\n{{\"kty\":\"oct\"}}"),
            error: MacKeyError::NotBase64 { line: 2 },
        },
        Case {
            name: "zeros",
            text: "A".repeat(43),
            error: MacKeyError::NotRandom { line: 1 },
        },
        Case {
            name: "the first key again, unpadded",
            text: format!("{FIRST}\n{SECOND}\n{}", FIRST.trim_end_matches('=')),
            error: MacKeyError::Repeated { line: 3 },
        },
        Case {
            name: "nine keys",
            text: (0..9).map(|n| random(n * 16) + "\n").collect(),
            error: MacKeyError::TooMany,
        },
        Case {
            name: "larger than any key file",
            text: " ".repeat(MAX_MAC_KEY_FILE + 1),
            error: MacKeyError::TooLarge,
        },
    ] {
        let found = MacKeys::parse(&text)
            .map(|keys| keys.key_ids().len())
            .unwrap_err();
        assert_eq!(found, error, "{name}");
        assert!(
            text.trim().is_empty() || !found.to_string().contains(text.trim()),
            "{name}: {found}"
        );
    }
    assert_eq!(
        MacKeys::parse(&(0..8).map(|n| random(n * 16) + "\n").collect::<String>())
            .unwrap()
            .key_ids()
            .len(),
        8
    );
}

#[test]
fn debug_output_and_key_ids_reveal_no_key() {
    let keys = MacKeys::parse(FIRST).unwrap();
    let printed = format!("{keys:?} {:?}", keys.key_ids());
    assert!(printed.contains(keys.key_ids()[0]), "{printed}");
    for secret in [FIRST.trim_end_matches('='), "1, 2, 3", "010203"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(
        !KEY_ID_LABEL.contains(&b'.'),
        "a signed message is header, dot, claims"
    );
}

/// Backends in other languages compute the same id.
#[test]
fn key_id_is_the_first_half_of_the_labels_mac() {
    // python3: urlsafe_b64encode(hmac.digest(bytes(range(32)), b"portcullis assertion key id",
    // "sha256")[:16])
    assert_eq!(
        MacKeys::parse(FIRST).unwrap().key_ids(),
        ["QLWtvvn3-rimes9ozv_Mvg"]
    );
}
