use crate::directory::Directory;
use crate::fixture::DIRECTORY;

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
    let ada = directory.user_named("ADA.ADMIN@contoso.example").unwrap();
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

/// Each row breaks the development directory in one place.
#[test]
fn contradiction_names_its_place_and_remedy() {
    for (from, to, parts) in [
        (
            "roles: { task-api: [Editor] }",
            "roles: { task-apii: [Editor] }",
            [
                "eddie.editor@contoso.example.roles",
                "no application task-apii",
            ],
        ),
        (
            "roles: { task-api: [Editor] }",
            "roles: { task-api: [Owner] }",
            ["no role Owner", "Reader"],
        ),
        (
            "roles: { task-api: [Editor] }",
            "roles: { audit: [AuditLog.Write] }",
            ["cannot be given to Users", "Applications"],
        ),
        (
            "tenant: fabrikam",
            "tenant: tailspin",
            ["mallory@fabrikam.example.tenant", "no tenant tailspin"],
        ),
        (
            "aaaaaaaa-0002-4000-8000-000000000002",
            "cccccccc-0001-4000-8000-000000000001",
            ["object id", "give each its own"],
        ),
        (
            "22222222-2222-4222-8222-222222222222",
            "11111111-1111-4111-8111-111111111111",
            ["tenants.fabrikam", "contoso too"],
        ),
        (
            "eddie.editor@",
            "Ada.Admin@",
            ["username", "give each its own"],
        ),
        (
            "password: Editor-Passw0rd!",
            "password: ''",
            ["eddie.editor", "empty password"],
        ),
        (
            "[task-api-secret]",
            "['']",
            ["applications.task-api.secrets", "empty secret"],
        ),
        (
            "publicClient: true",
            "publicClient: true\n    secrets: [x]",
            ["applications.web", "publicClient with secrets"],
        ),
        (
            "secrets: [task-api-secret]",
            "certificates: [nonsense]",
            ["directory.yaml:56:20: ", "not a certificate in PEM"],
        ),
        (
            "secrets: [no-rights-secret]",
            "federatedCredentials: [{name: a, issuer: i, subject: s}, \
             {name: b, issuer: i, subject: s}]",
            [
                "applications.no-rights-app.federatedCredentials.b",
                "another one has its issuer and subject",
            ],
        ),
        (
            "secrets: [no-rights-secret]",
            "federatedCredentials: [{name: a, issuer: i, subject: s, audience: ''}]",
            [
                "federatedCredentials.a",
                "empty issuer, subject or audience",
            ],
        ),
        (
            "secrets: [no-rights-secret]",
            "federatedCredentials: [{name: a, issuer: i, subject: s, \
             keysFile: f, keysUrl: 'https://i/k'}]",
            ["federatedCredentials.a", "both keysFile and keysUrl"],
        ),
        (
            "conditionalAccess: { notification: c1 }",
            "conditionalAccess: { mail: c1 }",
            ["conditionalAccess", "no application mail"],
        ),
        (
            "scopes: [Other.Read]\n",
            "scopes: [a/b]\n",
            ["applications.other-api", "cannot name a scope"],
        ),
        (
            "Editor: [users]",
            "Editor: []",
            ["applications.task-api.roles.Editor", "allows no members"],
        ),
        (
            "roles: [AuditLog.Write] }",
            "roles: [AuditLog.Read] }",
            ["grants.audit.roles", "no role AuditLog.Read"],
        ),
        (
            "{ scopes: [Notify.Send] }",
            "{ scopes: [Notify.All] }",
            ["grants.notification.scopes", "no scope Notify.All"],
        ),
        (
            "{ scopes: [Notify.Send] }",
            "{}",
            ["grants.notification", "grants nothing"],
        ),
        (
            "acceptV1Endpoint: true",
            "identifierUri: api://x/",
            ["applications.task-api.identifierUri", "api://task-api"],
        ),
        (
            "acceptV1Endpoint: true",
            "identifierUri: API://3a5c0002-0000-4000-8000-000000000002",
            ["identifierUri", "give each its own"],
        ),
        (
            "multiTenant: true\n    secrets",
            "secrets",
            [
                "mallory@fabrikam.example.roles.task-api",
                "make it multiTenant",
            ],
        ),
    ] {
        assert!(DIRECTORY.contains(from), "the row '{from}' breaks nothing");
        let text = errors(&DIRECTORY.replacen(from, to, 1));
        for part in ["directory.yaml:", parts[0], parts[1]] {
            assert!(
                text.contains(part),
                "'{part}' is missing for '{to}' in: {text}"
            );
        }
    }
}

#[test]
fn directory_rejects_unknown_members_and_values_by_name() {
    for (from, to, part) in [
        ("multiTenant: true", "multitenant: true", "multitenant"),
        (
            "tokenVersion: 2",
            "tokenVersion: 3",
            "token versions are 1 and 2",
        ),
        ("    tokenVersion: 2\n", "", "tokenVersion"),
        ("[idtyp]", "[acct]", "acct"),
        ("[users]", "[everyone]", "everyone"),
        (
            "11111111-1111-4111-8111-111111111111",
            "contoso.example",
            "directory.yaml:5:9: ",
        ),
        (
            "  audit:\n    clientId",
            "  task-api:\n    clientId",
            "task-api",
        ),
    ] {
        let text = errors(&DIRECTORY.replacen(from, to, 1));
        assert!(
            text.contains("directory.yaml:") && text.contains(part),
            "'{part}' is missing for '{to}' in: {text}"
        );
    }
}

#[test]
fn contradictions_are_all_reported_at_once() {
    let broken = DIRECTORY
        .replace("tenant: fabrikam", "tenant: tailspin")
        .replacen("task-api: [Editor]", "task-api: [Owner]", 1);
    assert_eq!(errors(&broken).lines().count(), 2, "{}", errors(&broken));
}
