/// A GUID as Entra writes it in tokens: lower case, with hyphens. `None` if `text` is not a GUID.
///
/// People copy ids in upper case from PowerShell, in braces from the registry and with spaces from
/// tables. Tokens have one spelling, so an id in another spelling would match nothing.
#[must_use]
pub fn normalize_guid(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text
        .strip_prefix('{')
        .map_or(Some(text), |text| text.strip_suffix('}'))?;
    let guid = bare.to_ascii_lowercase();
    is_guid(&guid).then_some(guid)
}

/// Whether `text` is a GUID in lower case. A second spelling of a tenant would be a second
/// identity.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

#[cfg(test)]
mod tests {
    use super::{is_guid, normalize_guid};

    const GUID: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

    #[test]
    fn guid_in_any_spelling_becomes_entras() {
        let upper = GUID.to_uppercase();
        for spelling in [
            GUID.to_owned(),
            upper.clone(),
            format!("{{{GUID}}}"),
            format!("{{{upper}}}"),
            format!(" {upper}\n"),
        ] {
            assert_eq!(
                normalize_guid(&spelling).as_deref(),
                Some(GUID),
                "{spelling:?}"
            );
        }
    }

    #[test]
    fn other_string_is_not_a_guid() {
        for text in [
            "",
            "{}",
            "ada@contoso.example",
            "9188040d6c674c5bb11236a304b66dad",
            "{9188040d-6c67-4c5b-b112-36a304b66dad",
            "9188040d-6c67-4c5b-b112-36a304b66dad}",
            "{{9188040d-6c67-4c5b-b112-36a304b66dad}}",
            "{ 9188040d-6c67-4c5b-b112-36a304b66dad }",
            "api://9188040d-6c67-4c5b-b112-36a304b66dad",
            "9188040g-6c67-4c5b-b112-36a304b66dad",
            "９188040d-6c67-4c5b-b112-36a304b66dad",
        ] {
            assert_eq!(normalize_guid(text), None, "{text:?}");
        }
    }

    #[test]
    fn guid_has_one_spelling() {
        assert!(is_guid("9188040d-6c67-4c5b-b112-36a304b66dad"));
        for text in [
            "",
            "9188040D-6c67-4c5b-b112-36a304b66dad",
            "9188040d6c674c5bb11236a304b66dad",
            "9188040d-6c67-4c5b-b112-36a304b66da/",
        ] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
