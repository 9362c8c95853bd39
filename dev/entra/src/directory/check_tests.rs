use crate::directory::Directory;
use crate::fixture::DIRECTORY;

#[path = "check_tests/additions.rs"]
mod additions;

fn errors(text: &str) -> String {
    Directory::parse("directory.yaml", text)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn development_directory_is_consistent() {
    assert_eq!(errors(DIRECTORY), "");
    let directory = Directory::parse("directory.yaml", DIRECTORY).unwrap();
    let ada = directory
        .user_named(None, "ADA.ADMIN@contoso.example")
        .unwrap();
    let fabrikam = directory
        .tenant("22222222-2222-4222-8222-222222222222")
        .unwrap();
    assert!(
        directory.user(fabrikam, ada.object_id).is_none(),
        "a user is in one tenant only"
    );
    assert!(
        directory
            .resource(fabrikam, "api://3a5c0001-0000-4000-8000-000000000001")
            .is_some()
    );
    assert!(
        directory
            .resource(fabrikam, "api://3a5c0003-0000-4000-8000-000000000003")
            .is_none()
    );
}

/// A change that breaks the development directory in one place.
struct Case {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    /// The place and the remedy in the error.
    parts: [&'static str; 2],
}

fn assert_contradictions(cases: impl IntoIterator<Item = Case>) {
    for Case {
        name,
        from,
        to,
        parts,
    } in cases
    {
        assert!(DIRECTORY.contains(from), "{name}: '{from}' breaks nothing");
        let text = errors(&DIRECTORY.replacen(from, to, 1));
        for part in ["directory.yaml:", parts[0], parts[1]] {
            assert!(
                text.contains(part),
                "{name}: '{part}' is missing for '{to}' in: {text}"
            );
        }
    }
}

#[test]
fn contradiction_names_its_place_and_remedy() {
    assert_contradictions([
        Case {
            name: "unknown scope of Microsoft Graph",
            from: "audit: { roles: [AuditLog.Write] }",
            to: "graph: { scopes: [Mail.Send, User.Read] }",
            parts: ["grants.graph", "has no scope Mail.Send"],
        },
        Case {
            name: "unknown app role of Microsoft Graph",
            from: "audit: { roles: [AuditLog.Write] }",
            to: "graph: { roles: [User.Read] }",
            parts: ["grants.graph", "has no role User.Read"],
        },
        Case {
            name: "key of Microsoft Graph",
            from: "  other-api:\n",
            to: "  graph:\n",
            parts: ["applications.graph", "key of Microsoft Graph"],
        },
        Case {
            name: "role of an unknown application",
            from: "roles: { task-api: [Editor] }",
            to: "roles: { task-apii: [Editor] }",
            parts: [
                "eddie.editor@contoso.example.roles",
                "no application task-apii",
            ],
        },
        Case {
            name: "unknown role",
            from: "roles: { task-api: [Editor] }",
            to: "roles: { task-api: [Owner] }",
            parts: ["no role Owner", "Reader"],
        },
        Case {
            name: "role for applications",
            from: "roles: { task-api: [Editor] }",
            to: "roles: { audit: [AuditLog.Write] }",
            parts: ["cannot be given to Users", "Applications"],
        },
        Case {
            name: "unknown tenant",
            from: "tenant: fabrikam",
            to: "tenant: tailspin",
            parts: ["mallory@fabrikam.example.tenant", "no tenant tailspin"],
        },
        Case {
            name: "object id twice",
            from: "aaaaaaaa-0002-4000-8000-000000000002",
            to: "cccccccc-0001-4000-8000-000000000001",
            parts: ["object id", "give each its own"],
        },
        Case {
            name: "tenant id twice",
            from: "22222222-2222-4222-8222-222222222222",
            to: "11111111-1111-4111-8111-111111111111",
            parts: ["tenants.fabrikam.id", "tenants.contoso.id too"],
        },
        Case {
            name: "username twice",
            from: "eddie.editor@",
            to: "Ada.Admin@",
            parts: ["username", "give each its own"],
        },
        Case {
            name: "empty password",
            from: "password: Editor-Passw0rd!",
            to: "password: ''",
            parts: ["eddie.editor", "empty password"],
        },
        Case {
            name: "empty secret",
            from: "[task-api-secret]",
            to: "['']",
            parts: ["applications.task-api.secrets", "empty secret"],
        },
        Case {
            name: "public client with a secret",
            from: "publicClient: true",
            to: "publicClient: true\n    secrets: [x]",
            parts: ["applications.web", "publicClient with secrets"],
        },
        Case {
            name: "certificate that is not PEM",
            from: "secrets: [task-api-secret]",
            to: "certificates: [nonsense]",
            parts: ["directory.yaml:93:20: ", "not a certificate in PEM"],
        },
        Case {
            name: "federated credential twice",
            from: "secrets: [no-rights-secret]",
            to: "federatedCredentials: [{name: a, issuer: i, subject: s}, \
             {name: b, issuer: i, subject: s}]",
            parts: [
                "applications.no-rights-app.federatedCredentials.b",
                "another one has its issuer and subject",
            ],
        },
        Case {
            name: "empty audience",
            from: "secrets: [no-rights-secret]",
            to: "federatedCredentials: [{name: a, issuer: i, subject: s, audience: ''}]",
            parts: [
                "federatedCredentials.a",
                "empty issuer, subject or audience",
            ],
        },
        Case {
            name: "two sources of keys",
            from: "secrets: [no-rights-secret]",
            to: "federatedCredentials: [{name: a, issuer: i, subject: s, \
             keysFile: f, keysUrl: 'https://i/k'}]",
            parts: ["federatedCredentials.a", "both keysFile and keysUrl"],
        },
        Case {
            name: "conditional access for an unknown application",
            from: "conditionalAccess: { notification: c1 }",
            to: "conditionalAccess: { mail: c1 }",
            parts: ["conditionalAccess", "no application mail"],
        },
        Case {
            name: "slash in a scope",
            from: "scopes: [Other.Read]\n",
            to: "scopes: [a/b]\n",
            parts: ["applications.other-api", "cannot name a scope"],
        },
        Case {
            name: "role without members",
            from: "Editor: [users]",
            to: "Editor: []",
            parts: ["applications.task-api.roles.Editor", "allows no members"],
        },
        Case {
            name: "grant of an unknown role",
            from: "roles: [AuditLog.Write] }",
            to: "roles: [AuditLog.Read] }",
            parts: ["grants.audit.roles", "no role AuditLog.Read"],
        },
        Case {
            name: "grant of an unknown scope",
            from: "{ scopes: [Notify.Send] }",
            to: "{ scopes: [Notify.All] }",
            parts: ["grants.notification.scopes", "no scope Notify.All"],
        },
        Case {
            name: "empty grant",
            from: "{ scopes: [Notify.Send] }",
            to: "{}",
            parts: ["grants.notification", "grants nothing"],
        },
        Case {
            name: "foreign identifier URI",
            from: "acceptV1Endpoint: true",
            to: "identifierUri: api://x/",
            parts: ["applications.task-api.identifierUri", "api://task-api"],
        },
        Case {
            name: "identifier URI twice",
            from: "acceptV1Endpoint: true",
            to: "identifierUri: API://3a5c0002-0000-4000-8000-000000000002",
            parts: ["identifierUri", "give each its own"],
        },
        Case {
            name: "role in another tenant",
            from: "multiTenant: true\n    secrets",
            to: "secrets",
            parts: [
                "mallory@fabrikam.example.roles.task-api",
                "make it multiTenant",
            ],
        },
    ]);
}

#[test]
fn directory_rejects_unknown_members_and_values_by_name() {
    struct Case {
        name: &'static str,
        from: &'static str,
        to: &'static str,
        part: &'static str,
    }

    for Case {
        name,
        from,
        to,
        part,
    } in [
        Case {
            name: "unknown field",
            from: "multiTenant: true",
            to: "multitenant: true",
            part: "multitenant",
        },
        Case {
            name: "unknown token version",
            from: "tokenVersion: 2",
            to: "tokenVersion: 3",
            part: "token versions are 1 and 2",
        },
        Case {
            name: "no token version",
            from: "    tokenVersion: 2\n",
            to: "",
            part: "tokenVersion",
        },
        Case {
            name: "unknown claim",
            from: "[idtyp]",
            to: "[ctry]",
            part: "ctry",
        },
        Case {
            name: "unknown kind of member",
            from: "[users]",
            to: "[everyone]",
            part: "everyone",
        },
        Case {
            name: "tenant that is not a UUID",
            from: "11111111-1111-4111-8111-111111111111",
            to: "contoso.example",
            part: "directory.yaml:5:9: ",
        },
        Case {
            name: "application twice",
            from: "  audit:\n    clientId",
            to: "  task-api:\n    clientId",
            part: "task-api",
        },
    ] {
        let text = errors(&DIRECTORY.replacen(from, to, 1));
        assert!(
            text.contains("directory.yaml:") && text.contains(part),
            "{name}: '{part}' is missing for '{to}' in: {text}"
        );
    }
}

#[test]
fn contradiction_names_line_and_column() {
    struct Case {
        name: &'static str,
        from: &'static str,
        to: &'static str,
        /// The text at the place.
        at: &'static str,
    }

    for Case { name, from, to, at } in [
        Case {
            name: "field of a user",
            from: "tenant: fabrikam",
            to: "tenant: tailspin",
            at: "tenant: tailspin",
        },
        Case {
            name: "key of a mapping in one line",
            from: "roles: { task-api: [Editor] }",
            to: "roles: { task-apii: [Editor] }",
            at: "task-apii:",
        },
        Case {
            name: "element of a sequence, in the order of the file",
            from: "manny.many@contoso.example]\n    roles",
            to: "adam@contoso.example]\n    roles",
            at: "adam@contoso.example]",
        },
    ] {
        let text = DIRECTORY.replacen(from, to, 1);
        let before = &text[..text.find(at).unwrap()];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
        let expected = format!("directory.yaml:{line}:{column}: ");
        let found = errors(&text);
        assert!(
            found.contains(&expected),
            "{name}: no {expected} in: {found}"
        );
    }
}

#[test]
fn contradictions_are_all_reported_at_once() {
    let broken = DIRECTORY
        .replacen("tenant: fabrikam", "tenant: tailspin", 1)
        .replacen("task-api: [Editor]", "task-api: [Owner]", 1);
    assert_eq!(errors(&broken).lines().count(), 2, "{}", errors(&broken));
}
