//! What client libraries need to know about this server: variables for a shell, and options in
//! code, which are comments.

use std::path::{Path, PathBuf};

use crate::authority::Authority;
use crate::settings::Settings;

/// A family of client libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ClientFamily {
    /// MSAL for Python, JavaScript, Go and Java.
    Msal,
    /// azure-identity for Python, JavaScript and Go.
    AzureIdentity,
    /// openid-client for JavaScript.
    OpenidClient,
}

impl Settings {
    /// The shell commands for `--print-env`, if it is given.
    #[must_use]
    pub fn client_settings(&self) -> Option<String> {
        let client = self.print_env?;
        let port = self.listen.port();
        let authority = self
            .public_url
            .clone()
            .unwrap_or_else(|| Authority::localhost(port));
        let trusted = self.trusted_certificate();
        let mut lines = client.variables(&authority, &trusted);
        lines.push("# In code, TENANT is the id or a domain of a tenant:".to_owned());
        lines.extend(client.options(&authority));
        Some(lines.join("\n") + "\n")
    }

    /// The file that clients must trust.
    fn trusted_certificate(&self) -> PathBuf {
        let file = match &self.certificate {
            Some(given) => given.clone(),
            None => self.state().unwrap_or_default().join("ca.pem"),
        };
        std::path::absolute(&file).unwrap_or(file)
    }
}

impl ClientFamily {
    fn variables(self, authority: &Authority, trusted: &Path) -> Vec<String> {
        let file = quoted(&trusted.to_string_lossy());
        let python = format!("export REQUESTS_CA_BUNDLE={file}  # Python");
        let node = format!("export NODE_EXTRA_CA_CERTS={file}  # Node.js");
        let go = format!("export SSL_CERT_FILE={file}  # Go");
        match self {
            Self::Msal => vec![
                python,
                node,
                go,
                format!(
                    "# Java: keytool -importcert -noprompt -alias dev-entra -file {file} \
                     -keystore trust.p12 -storepass changeit"
                ),
                "# Java: java -Djavax.net.ssl.trustStore=trust.p12 \
                 -Djavax.net.ssl.trustStorePassword=changeit"
                    .to_owned(),
            ],
            Self::AzureIdentity => {
                let host = quoted(&authority.to_string());
                vec![
                    format!("export AZURE_AUTHORITY_HOST={host}"),
                    python,
                    node,
                    go,
                ]
            }
            Self::OpenidClient => vec![node],
        }
    }

    /// The options in code. An unknown authority makes MSAL ask Microsoft about it, unless instance
    /// discovery is off; MSAL.js wants the host with its port in `knownAuthorities` instead.
    fn options(self, authority: &Authority) -> Vec<String> {
        let url = authority.endpoint("TENANT", "");
        let url = url.trim_end_matches('/');
        let host = authority.host_and_port();
        match self {
            Self::Msal => {
                let mut lines = vec![
                    format!(r#"# Python: authority="{url}", instance_discovery=False"#),
                    format!(
                        r#"# JavaScript: auth: {{"authority": "{url}", "knownAuthorities": ["{host}"]}}"#
                    ),
                    format!(
                        r#"# Go: public.WithAuthority("{url}"), public.WithInstanceDiscovery(false)"#
                    ),
                    format!(r#"# Java: .authority("{url}").instanceDiscovery(false)"#),
                ];
                if host != authority.host() {
                    lines.push(
                        "# MSAL for Python and Java drop the port in some requests; a public URL \
                         without a port works with all."
                            .to_owned(),
                    );
                }
                lines
            }
            Self::AzureIdentity => vec![
                "# Python: disable_instance_discovery=True".to_owned(),
                r#"# JavaScript: {"disableInstanceDiscovery": true}"#.to_owned(),
                "# Go: DisableInstanceDiscovery: true".to_owned(),
            ],
            Self::OpenidClient => vec![format!(r#"# JavaScript: new URL("{url}/v2.0")"#)],
        }
    }
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Settings, quoted};

    fn printed(arguments: &str) -> String {
        let always = "dev-entra --operations-listen 127.0.0.1:0 --state /state";
        let all = format!("{always} {arguments}");
        let settings = Settings::try_parse_from(all.split_whitespace()).unwrap();
        settings.client_settings().unwrap_or_default()
    }

    #[test]
    fn client_settings_follow_the_public_url_and_the_certificate() {
        struct Case {
            name: &'static str,
            arguments: &'static str,
            expected: &'static [&'static str],
        }

        for Case {
            name,
            arguments,
            expected,
        } in [
            Case {
                name: "MSAL at the default address",
                arguments: "--print-env msal",
                expected: &[
                    "export REQUESTS_CA_BUNDLE='/state/ca.pem'",
                    r#"authority="https://localhost:8443/TENANT""#,
                    r#""knownAuthorities": ["localhost:8443"]"#,
                    "drop the port",
                ],
            },
            Case {
                name: "azure-identity with a public URL",
                arguments: "--print-env azure-identity --public-url https://entra.test",
                expected: &["export AZURE_AUTHORITY_HOST='https://entra.test'\n"],
            },
            Case {
                name: "openid-client with a certificate of its own",
                arguments: "--print-env openid-client --listen 127.0.0.1:9000 \
                            --certificate /tls.pem --certificate-key /tls.key",
                expected: &[
                    "export NODE_EXTRA_CA_CERTS='/tls.pem'",
                    r#"new URL("https://localhost:9000/TENANT/v2.0")"#,
                ],
            },
        ] {
            let text = printed(arguments);
            for part in expected {
                assert!(text.contains(part), "{name}: {part} in {text}");
            }
        }
        assert_eq!(printed("--directory d.yaml"), "");
        let without_port = printed("--print-env msal --public-url https://entra.test");
        assert!(!without_port.contains("drop the port"), "{without_port}");
    }

    #[test]
    fn quoted_text_is_one_word() {
        for (name, text, expected) in [
            ("plain", "/a b", "'/a b'"),
            ("quote", "/it's", r"'/it'\''s'"),
            ("command", "$(x)", "'$(x)'"),
        ] {
            assert_eq!(quoted(text), expected, "{name}");
        }
    }
}
