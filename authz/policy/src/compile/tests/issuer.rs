use super::{API, GOOD, compile};

#[test]
fn any_openid_connect_provider_can_be_an_issuer() {
    let oidc = "oidc: {issuer: 'https://id.example', algorithms: [ES256], \
                claims: {roles: realm_access.roles}}";
    let set = compile(&GOOD.replace(
        "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
        oidc,
    ))
    .unwrap();
    let (_, issuer) = set.issuers().next().unwrap();
    assert!(matches!(issuer.provider, crate::Provider::Oidc(_)));
}

#[test]
fn issuer_sets_token_life_and_whether_sender_constrained_tokens_are_accepted() {
    let minutes = |text: &str| {
        let set = compile(text).unwrap();
        let (_, issuer) = set.issuers().next().unwrap();
        issuer.times.longest_life.as_secs() / 60
    };
    let entra = "entra: {tenants: [11111111-1111-4111-8111-111111111111]}";
    let oidc = GOOD
        .replace(entra, "oidc: {issuer: 'https://id.example'}")
        .replace(&format!("application: {API}"), "audiences: [a]");
    assert_eq!((minutes(GOOD), minutes(&oidc)), (24 * 60 + 5, 24 * 60));
    assert_eq!(
        minutes(&GOOD.replace(entra, &format!("{entra}\n  longestTokenLife: 2h"))),
        120
    );

    let provider = |text: &str, setting: &str| {
        // The first spec is the issuer's.
        let set = compile(&text.replacen("\nspec:", &format!("\nspec:{setting}"), 1)).unwrap();
        set.issuers()
            .next()
            .map(|(_, issuer)| issuer.provider.clone())
            .unwrap()
    };
    for text in [GOOD, &oidc] {
        let [unset, off, on] = ["", "false", "true"].map(|value| match value {
            "" => provider(text, ""),
            value => provider(
                text,
                &format!("\n  insecureSenderConstrainedAsBearer: {value}"),
            ),
        });
        assert!(unset == off && unset != on, "{text}");
    }
}
