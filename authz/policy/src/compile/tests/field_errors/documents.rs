use super::{Case, assert_each};

#[test]
fn mistake_of_a_policy_is_named_with_document_and_field() {
    assert_each(&[
        Case {
            name: "no issuer",
            good: "  issuer: entra\n",
            bad: "",
            expected: "RoutePolicy tasks: spec.issuer: is missing; name the TokenIssuer",
        },
        Case {
            name: "an issuer that does not exist",
            good: "  issuer: entra",
            bad: "  issuer: okta",
            expected: "spec.issuer: there is no TokenIssuer 'okta'; there is: entra",
        },
        Case {
            name: "a duration that is too long",
            good: "per: 60s",
            bad: "per: 25h",
            expected: "is not between 1s and 24h",
        },
        Case {
            name: "a limit of no requests",
            good: "requests: 100",
            bad: "requests: 0",
            expected: "spec.rateLimit.requests: is not between 1 and",
        },
        Case {
            name: "an empty application",
            good: "application: 3a5c0001-0000-4000-8000-000000000001",
            bad: "application: ''",
            expected: "spec.application: is empty",
        },
        Case {
            name: "no application and no audience",
            good: "application: 3a5c0001-0000-4000-8000-000000000001",
            bad: "audiences: []",
            expected: "spec.application: is missing",
        },
        Case {
            name: "an application and audiences",
            good: "application: 3a5c0001-0000-4000-8000-000000000001",
            bad: "application: a\n  audiences: [b]",
            expected: "spec.audiences: contradicts application",
        },
        Case {
            name: "an application that is a URI",
            good: "application: 3a5c0001-0000-4000-8000-000000000001",
            bad: "application: api://task-api",
            expected: "RoutePolicy tasks: spec.application: is the URI of an application; \
                       write the application (client) id",
        },
        Case {
            name: "an upstream without a name",
            good: "{name: task-api, forwardToken: true}",
            bad: "{name: ''}",
            expected: "spec.upstream.name: is empty",
        },
    ]);
}

#[test]
fn mistake_of_an_issuer_or_deny_list_is_named_with_document_and_field() {
    assert_each(&[
        Case {
            name: "an entry of a deny list with a space",
            good: "kind: RoutePolicy\nmetadata: {name: tasks}\nspec:",
            bad: "kind: DenyList\nmetadata: {name: d}\nspec: {tokens: [' x']}\n---\n\
                       apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
                       metadata: {name: tasks}\nspec:",
            expected: "DenyList d: spec.tokens[0]: is empty or has spaces around it",
        },
        Case {
            name: "a tenant that is not an id",
            good: "tenants: [11111111-1111-4111-8111-111111111111]",
            bad: "tenants: [contoso.example]",
            expected: "TokenIssuer entra: spec.entra.tenants: 'contoso.example'",
        },
        Case {
            name: "an authority without TLS",
            good: "tenants: [11111111-1111-4111-8111-111111111111]",
            bad: "anyTenant: true, authority: 'http://x'",
            expected: "spec.entra.authority: 'http://x' is not https",
        },
        Case {
            name: "a kind claim without values",
            good: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            bad: "oidc: {issuer: 'https://id.example', claims: {kind: {claim: gty}}}",
            expected: "TokenIssuer entra: spec.oidc.claims.kind.users: lists no value",
        },
        Case {
            name: "a value of two kinds",
            good: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            bad: "oidc: {issuer: 'https://id.example', \
                       claims: {kind: {claim: gty, users: [a], applications: [a]}}}",
            expected: "spec.oidc.claims.kind.applications: has a value that users has too",
        },
    ]);
}
