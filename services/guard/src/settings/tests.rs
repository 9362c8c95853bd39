mod token_issuer;

use clap::Parser;

use super::GuardSettings;

const TENANT: &str = "11111111-1111-4111-8111-11111111111a";

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    guard: GuardSettings,
}

/// Flags that make a guard trust assertions by public keys. The URL of the keys follows.
const BY_KEYS: &str = "--trust-gateway --gateway-keys";

fn parse(arguments: &str) -> Result<GuardSettings, clap::Error> {
    let words = std::iter::once("program").chain(arguments.split_whitespace());
    Program::try_parse_from(words).map(|program| program.guard)
}

#[test]
fn contradictions_name_the_flag() {
    struct Case {
        name: &'static str,
        flags: String,
        /// The flag that every error begins with; `None` if there is no error.
        at: Option<&'static str>,
    }
    let home = format!("--home-tenant {TENANT}");
    let upper = TENANT.to_uppercase();
    let case = |name, flags, at| Case { name, flags, at };
    for Case { name, flags, at } in [
        case("a home tenant", home.clone(), None),
        case(
            "keys of this machine",
            format!("{home} {BY_KEYS} http://127.0.0.1:9001/keys"),
            None,
        ),
        case(
            "keys over TLS",
            format!("{home} {BY_KEYS} https://authz.portcullis.svc/keys"),
            None,
        ),
        case("any tenant", format!("{home} --allow-any-tenant"), None),
        case("upper case", format!("--home-tenant {upper}"), None),
        case(
            "braces",
            format!("--home-tenant {{{TENANT}}} --allowed-tenants {{{TENANT}}}"),
            None,
        ),
        case(
            "a domain as the home tenant",
            "--home-tenant contoso.example".to_owned(),
            Some("--home-tenant"),
        ),
        case(
            "a domain beside allowed tenants",
            format!("--home-tenant contoso.example --allowed-tenants {TENANT}"),
            Some("--home-tenant"),
        ),
        case(
            "a domain beside any tenant",
            "--home-tenant contoso.example --allow-any-tenant".to_owned(),
            Some("--home-tenant"),
        ),
        case(
            "names as allowed tenants",
            format!("{home} --allowed-tenants x,y"),
            Some("--allowed-tenants"),
        ),
        case(
            "an authority without TLS",
            format!("{home} --authority http://localhost"),
            Some("--authority"),
        ),
        case(
            "any tenant and a list",
            format!("{home} --allowed-tenants {TENANT} --allow-any-tenant"),
            Some("--allow-any-tenant"),
        ),
        case(
            "trust without keys",
            format!("{home} --trust-gateway"),
            Some("--trust-gateway"),
        ),
        case(
            "trust by MAC keys",
            format!("{home} --trust-gateway --gateway-mac-key f"),
            None,
        ),
        case(
            "trust by both kinds of keys",
            format!("{home} {BY_KEYS} https://authz.svc/keys --gateway-mac-key f"),
            None,
        ),
        case(
            "public keys without TLS beside MAC keys",
            format!("{home} {BY_KEYS} http://authz.svc/keys --gateway-mac-key f"),
            Some("--gateway-keys"),
        ),
        case(
            "public keys without TLS",
            format!("{home} {BY_KEYS} http://authz.portcullis.svc/keys"),
            Some("--gateway-keys"),
        ),
        case(
            "a file as the URL of public keys",
            format!("{home} {BY_KEYS} file:///keys"),
            Some("--gateway-keys"),
        ),
        case(
            "an audience of Entra",
            format!("{home} --audience shop"),
            Some("--audience"),
        ),
    ] {
        let found = parse(&flags).unwrap().contradictions();
        assert_eq!(found.is_empty(), at.is_none(), "{name}: {found:?}");
        assert!(
            found
                .iter()
                .all(|problem| problem.starts_with(at.unwrap_or_default())),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn home_tenant_is_required_without_a_token_issuer() {
    let error = parse("").unwrap_err();
    assert_eq!(
        error.kind(),
        clap::error::ErrorKind::MissingRequiredArgument
    );
    assert!(error.to_string().contains("--home-tenant"), "{error}");
}

#[test]
fn home_tenant_is_spelled_as_in_tokens() {
    for spelling in [
        TENANT.to_owned(),
        TENANT.to_uppercase(),
        format!("{{{TENANT}}}"),
    ] {
        let settings = parse(&format!("--home-tenant {spelling}")).unwrap();
        assert_eq!(settings.home_tenant(), Some(TENANT));
    }
}
