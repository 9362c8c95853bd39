use super::{Case, assert_each};

#[test]
fn value_against_the_schema_is_named_with_document_and_field() {
    assert_each(&[
        Case {
            name: "an unknown member of the document",
            good: "metadata: {name: tasks}",
            bad: "metadata: {name: tasks}\nspecs: 1",
            expected: "RoutePolicy tasks: specs: unknown field `specs`; did you mean spec?",
        },
        Case {
            name: "an unknown field",
            good: "  issuer: entra",
            bad: "  isuer: entra",
            expected: "RoutePolicy tasks: spec.isuer: unknown field `isuer`",
        },
        Case {
            name: "the field that it was meant to be",
            good: "  issuer: entra",
            bad: "  isuer: entra",
            expected: "did you mean issuer?",
        },
        Case {
            name: "a claim with a fraction",
            good: "callers: users",
            bad: "claims: {acr: [1.5]}\n      callers: users",
            expected: "spec.allow[0].claims.acr[0]: neither a string, a whole number, true nor false",
        },
        Case {
            name: "an unknown status",
            good: "  upstream",
            bad: "  onDenied: forbiden\n  upstream",
            expected: "spec.onDenied: unknown value `forbiden`, expected one of `forbidden`, `unauthorized`; \
                       did you mean forbidden?",
        },
        Case {
            name: "an unknown kind of caller",
            good: "callers: users",
            bad: "callers: user",
            expected: "spec.allow[0].callers: unknown value `user`, \
                       expected one of `users`, `applications`, `anyone`; did you mean users?",
        },
        Case {
            name: "a string instead of a list",
            good: "scopes: [access_as_user]",
            bad: "scopes: access_as_user",
            expected: "spec.allow[0].scopes: invalid type: string \"access_as_user\", expected a list",
        },
        Case {
            name: "a number instead of a duration",
            good: "per: 60s",
            bad: "per: 60",
            expected: "spec.rateLimit.per: invalid type: 60, expected a string",
        },
        Case {
            name: "a string that is no duration",
            good: "per: 60s",
            bad: "per: soon",
            expected: "spec.rateLimit.per: 'soon' is not a time such as 60s or 1m",
        },
        Case {
            name: "a negative limit",
            good: "requests: 100",
            bad: "requests: -1",
            expected: "spec.rateLimit.requests: is less than 0",
        },
        Case {
            name: "an unknown kind of document",
            good: "kind: RoutePolicy",
            bad: "kind: RoutePolice",
            expected: "document 2: kind: must be one of TokenIssuer, RoutePolicy, DenyList; \
                       did you mean RoutePolicy?",
        },
        Case {
            name: "another version",
            good: "portcullis.dev/v1alpha1",
            bad: "portcullis.dev/v1",
            expected: "apiVersion: 'portcullis.dev/v1' is not supported; write portcullis.dev/v1alpha1",
        },
        Case {
            name: "an unknown default kind",
            good: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            bad: "oidc: {issuer: 'https://id.example', claims: {kind: {default: user}}}",
            expected: "spec.oidc.claims.kind.default: unknown value `user`, \
                       expected one of `users`, `applications`; did you mean users?",
        },
        Case {
            name: "an unknown field of a kind claim",
            good: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            bad: "oidc: {issuer: 'https://id.example', claims: {kind: {claims: gty}}}",
            expected: "spec.oidc.claims.kind.claims: unknown field `claims`; did you mean claim?",
        },
        Case {
            name: "an unknown field that is like no other",
            good: "callers: users",
            bad: "callers: users\n      colour: red",
            expected: "spec.allow[0].colour: unknown field `colour`, expected one of `actors`, `allRoles`, `callers`, \
                       `claims`, `methods`, `roles`, `scopes`",
        },
        Case {
            name: "a list instead of a word",
            good: "callers: users",
            bad: "callers: [users]",
            expected: "spec.allow[0].callers: invalid type: a list, expected one of `users`, `applications`, `anyone`",
        },
        Case {
            name: "a word instead of a truth value",
            good: "forwardToken: true",
            bad: "forwardToken: maybe",
            expected: "spec.upstream.forwardToken: invalid type: string \"maybe\", \
                       expected true or false",
        },
        Case {
            name: "null instead of a list",
            good: "scopes: [access_as_user]",
            bad: "scopes:",
            expected: "spec.allow[0].scopes: invalid type: null, expected a list",
        },
        Case {
            name: "a number instead of a name",
            good: "metadata: {name: tasks}",
            bad: "metadata: {name: 7}",
            expected: "RoutePolicy (document 2): metadata.name: invalid type: 7, expected a string",
        },
        Case {
            name: "a number instead of an optional string",
            good: "  issuer: entra",
            bad: "  issuer: 7",
            expected: "spec.issuer: invalid type: 7, expected a string",
        },
        Case {
            name: "a string instead of an issuer",
            good: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            bad: "entra: contoso",
            expected: "spec.entra: invalid type: string \"contoso\", expected a mapping",
        },
        Case {
            name: "a field that is missing",
            good: "{requests: 100, per: 60s}",
            bad: "{requests: 100}",
            expected: "spec.rateLimit.per: is missing",
        },
    ]);
}

#[test]
fn value_that_only_the_parser_denies_is_named_with_its_place() {
    assert_each(&[
        Case {
            name: "a limit of more than 32 bits",
            good: "requests: 100",
            bad: "requests: 5000000000",
            expected: "policy.yaml:20:15: RoutePolicy tasks: spec.rateLimit.requests: invalid value: integer `5000000000`",
        },
        Case {
            name: "an unknown unit of time",
            good: "per: 60s",
            bad: "per: 10 lightyears",
            expected: "policy.yaml:20:30: RoutePolicy tasks: spec.rateLimit.per: '10 lightyears' is not a time such as 60s or 1m (unknown",
        },
        Case {
            name: "a claim of more than 64 bits",
            good: "callers: users",
            bad: "claims: {acr: [9223372036854775808]}\n      callers: users",
            expected: "policy.yaml:15:22: RoutePolicy tasks: spec.allow[0].claims.acr[0]: neither a string, a whole number of at most 64 bits",
        },
        Case {
            name: "a duration that is null",
            good: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            bad: "entra: {tenants: [11111111-1111-4111-8111-111111111111]}\n  clockSkew:",
            expected: "policy.yaml:7:3: TokenIssuer entra: spec.clockSkew: invalid type: null",
        },
    ]);
}
