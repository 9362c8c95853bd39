//! Contradictions of guests, groups, optional claims and consent.

use super::{Case, assert_contradictions};

#[test]
fn contradiction_of_guests_groups_and_claims_names_its_place_and_remedy() {
    assert_contradictions([
        Case {
            name: "guest in the own tenant",
            from: "guestIn:\n      contoso",
            to: "guestIn:\n      fabrikam",
            parts: [
                "gail.guest@fabrikam.example.guestIn.fabrikam",
                "is not another tenant",
            ],
        },
        Case {
            name: "object id of a guest twice",
            from: "oid: aaaaaaaa-0005",
            to: "oid: aaaaaaaa-0001-4000-8000-000000000001, roles: {} } # ",
            parts: ["object id", "give each its own"],
        },
        Case {
            name: "member of a group that is no user of its tenant",
            from: "members: [gail.guest@",
            to: "members: [mallory@",
            parts: [
                "groups.Readers.members.mallory@fabrikam.example",
                "no member or guest",
            ],
        },
        Case {
            name: "role of a group for applications",
            from: "roles: { task-api: [Reader] }\n\n  # 200",
            to: "roles: { audit: [AuditLog.Write] }\n\n  # 200",
            parts: ["groups.Readers.roles.audit", "cannot be given to Users"],
        },
        Case {
            name: "too many groups",
            from: "count: 200",
            to: "count: 2001",
            parts: ["groups.Projects.count", "between 1 and 2000"],
        },
        Case {
            name: "two system-assigned identities",
            from: "    tenant: contoso\n\n# What an app",
            to: "    tenant: contoso\n    systemAssigned: true\n\n# What an app",
            parts: [
                "managedIdentities.worker.systemAssigned",
                "managedIdentities.report is systemAssigned too",
            ],
        },
        Case {
            name: "client id of an application and a managed identity",
            from: "3a5c0008",
            to: "3a5c0001-0000-4000-8000-000000000001 # ",
            parts: ["managedIdentities.worker.clientId", "give each its own"],
        },
        Case {
            name: "role of a managed identity for users",
            from: "systemAssigned: true\n    roles: { audit: [AuditLog.Write] }",
            to: "roles: { task-api: [Reader] }",
            parts: [
                "managedIdentities.worker.roles.task-api",
                "cannot be given to Applications",
            ],
        },
        Case {
            name: "agent identity with a secret",
            from: "agentOf: assistant-blueprint",
            to: "agentOf: assistant-blueprint\n    secrets: [s]",
            parts: [
                "applications.assistant.agentOf",
                "move them to its blueprint",
            ],
        },
        Case {
            name: "agent identity of an agent identity",
            from: "agentOf: assistant-blueprint",
            to: "agentOf: assistant",
            parts: [
                "applications.assistant.agentOf",
                "is an agent identity itself",
            ],
        },
        Case {
            name: "scope that the resource lacks",
            from: "acceptV1Endpoint: true",
            to: "requires: { notification: [Notify.All] }",
            parts: [
                "applications.task-api.requires.notification",
                "no scope Notify.All",
            ],
        },
        Case {
            name: "unknown client",
            from: "acceptV1Endpoint: true",
            to: "knownClientApplications: [mobile]",
            parts: [
                "applications.task-api.knownClientApplications",
                "no application mobile",
            ],
        },
        Case {
            name: "groups that are in no token",
            from: "optionalClaims: [idtyp]",
            to: "optionalClaims: [groups]",
            parts: [
                "applications.audit.optionalClaims",
                "groupMembershipClaims: securityGroup",
            ],
        },
        Case {
            name: "idtyp in ID tokens",
            from: "optionalClaims: [idtyp]",
            to: "optionalIdTokenClaims: [idtyp]",
            parts: [
                "applications.audit.optionalIdTokenClaims",
                "access tokens only",
            ],
        },
    ]);
}
