use super::{Case, assert_each};

#[test]
fn mistake_of_a_rule_is_named_with_document_and_field() {
    assert_each(&[
        Case {
            name: "anyone with scopes",
            good: "callers: users",
            bad: "callers: anyone",
            expected: "spec.allow[0].callers: is anyone, who may have no token",
        },
        Case {
            name: "a method in lower case",
            good: "callers: users",
            bad: "methods: [get]\n      callers: users",
            expected: "spec.allow[0].methods: holds something else",
        },
        Case {
            name: "a claim without values",
            good: "callers: users",
            bad: "claims: {acr: []}\n      callers: users",
            expected: "spec.allow[0].claims.acr: has no value",
        },
        Case {
            name: "a claim that is for people",
            good: "callers: users",
            bad: "claims: {email: [a]}\n      callers: users",
            expected: "claims.email: is for people to read",
        },
        Case {
            name: "an empty role of all",
            good: "callers: users",
            bad: "allRoles: ['']\n      callers: users",
            expected: "spec.allow[0].allRoles: holds an empty entry",
        },
        Case {
            name: "users without scopes",
            good: "callers: users\n      scopes: [access_as_user]",
            bad: "callers: users",
            expected: "spec.allow[0].scopes: is missing",
        },
        Case {
            name: "an empty scope",
            good: "scopes: [access_as_user]",
            bad: "scopes: ['']",
            expected: "spec.allow[0].scopes: holds an empty entry",
        },
        Case {
            name: "applications without roles",
            good: "roles: [Tasks.Read, Tasks.Write]",
            bad: "roles: []",
            expected: "spec.allow[1].roles: is missing",
        },
        Case {
            name: "applications with scopes",
            good: "roles: [Tasks.Read, Tasks.Write]",
            bad: "scopes: [x]",
            expected: "spec.allow[1].scopes: is for users",
        },
        Case {
            name: "an actor that is not a GUID",
            good: "actors: [3a5c0004-0000-4000-8000-000000000004]",
            bad: "actors: [web]",
            expected: "spec.allow[1].actors[0]: is not a GUID",
        },
        Case {
            name: "an object id that is an address",
            good: "callers: users",
            bad: "claims: {oid: [ada@x.example]}\n      callers: users",
            expected: "claims.oid: is a user principal name",
        },
    ]);
}
