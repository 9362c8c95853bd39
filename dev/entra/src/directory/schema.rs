use schemars::generate::SchemaSettings;

use super::document::Document;

/// The JSON Schema (2020-12) of the directory file, for editors and CI.
///
/// It is generated from the types into which the file is parsed. dev-entra also finds what a schema
/// cannot express, such as keys that do not exist.
pub(crate) fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "Directory file of dev-entra".into());
    format!("{:#}\n", schema.to_value())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::schema;
    use crate::directory::Directory;
    use crate::fixture::DIRECTORY;

    fn validator() -> jsonschema::Validator {
        jsonschema::draft202012::new(&serde_json::from_str(&schema()).unwrap()).unwrap()
    }

    fn value(yaml: &str) -> Value {
        serde_saphyr::from_str(yaml).unwrap()
    }

    #[test]
    fn committed_schema_matches_the_parser() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/dev-entra-directory.schema.json"
        );
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == schema(),
            "{path} is out of date; run: make generate"
        );
    }

    #[test]
    fn schema_and_parser_accept_the_same_files() {
        struct Case {
            name: &'static str,
            from: &'static str,
            to: &'static str,
            is_good: bool,
        }

        let case = |name, from, to, is_good| Case {
            name,
            from,
            to,
            is_good,
        };
        let validator = validator();
        let secrets = "secrets: [task-api-secret]";
        for Case {
            name,
            from,
            to,
            is_good,
        } in [
            case("the development directory", "", "", true),
            case(
                "secret with an end",
                secrets,
                "secrets: [{value: s, expires: '2027-01-31'}]",
                true,
            ),
            case(
                "secret without a value",
                secrets,
                "secrets: [{expires: '2027-01-31'}]",
                false,
            ),
            case(
                "unknown field",
                "multiTenant: true",
                "multitenant: true",
                false,
            ),
            case(
                "token version 3",
                "tokenVersion: 2",
                "tokenVersion: 3",
                false,
            ),
            case("no token version", "    tokenVersion: 2\n", "", false),
            case("unknown claim", "[idtyp]", "[ctry]", false),
            case(
                "claim of users' tokens",
                "[idtyp]",
                "[include_user_token]",
                true,
            ),
            case("unknown kind of groups", "securityGroup", "all", false),
            case(
                "federated credential",
                secrets,
                "federatedCredentials: [{name: a, issuer: i, subject: s, keysUrl: 'https://i/k'}]",
                true,
            ),
        ] {
            assert!(DIRECTORY.contains(from), "{name}");
            let text = DIRECTORY.replacen(from, to, 1);
            assert_eq!(validator.is_valid(&value(&text)), is_good, "schema: {name}");
            let parsed = Directory::parse("directory.yaml", &text);
            assert_eq!(parsed.is_ok(), is_good, "parser: {name}");
        }
    }
}
