//! Ids of Entra in settings, which are compared with those in tokens.

use std::convert::Infallible;

use portcullis_token::normalize_guid;

/// Normalizes an id to the spelling of Entra's tokens. A value that is not a GUID is kept, so that
/// [`id_contradiction`] can report it together with all other errors.
#[must_use]
pub fn parse_id(text: &str) -> Result<String, Infallible> {
    Ok(normalize_guid(text).unwrap_or_else(|| text.to_owned()))
}

/// The error of an id that no token can have. It does not repeat `id`, which can be an address.
#[must_use]
pub fn id_contradiction(flag: &str, id: &str) -> Option<String> {
    let problem = if normalize_guid(id).is_some() {
        return None;
    } else if id.trim().is_empty() {
        "is empty; give an id, a GUID"
    } else {
        "is not a GUID, and every id of Entra is one; copy the application (client) id or the \
         directory (tenant) id"
    };
    Some(format!("{flag}: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::{id_contradiction, parse_id};

    const ID: &str = "3a5c000a-0000-4000-8000-00000000000a";

    #[test]
    fn id_is_read_in_any_spelling_and_other_strings_are_errors() {
        struct Case {
            text: &'static str,
            problem: &'static str,
        }
        for text in [
            ID.to_owned(),
            ID.to_uppercase(),
            format!("{{{ID}}}"),
            format!(" {} ", ID.to_uppercase()),
        ] {
            let id = parse_id(&text).unwrap();
            assert_eq!(
                (id.as_str(), id_contradiction("--client-id", &id)),
                (ID, None),
                "{text}"
            );
        }
        for Case { text, problem } in [
            Case {
                text: "",
                problem: "--client-id: is empty",
            },
            Case {
                text: "  ",
                problem: "--client-id: is empty",
            },
            Case {
                text: "task-api",
                problem: "--client-id: is not a GUID",
            },
            Case {
                text: "api://task-api",
                problem: "--client-id: is not a GUID",
            },
            Case {
                text: "ada@contoso.example",
                problem: "--client-id: is not a GUID",
            },
        ] {
            let found = id_contradiction("--client-id", &parse_id(text).unwrap()).unwrap();
            assert!(
                found.starts_with(problem) && !found.contains('@'),
                "{found}"
            );
        }
    }
}
