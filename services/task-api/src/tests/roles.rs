use dev_service::on_both;
use portcullis_token::Caller;
use serde_json::{Value, json};

use super::service::{Service, caller};

/// The roles of a user, and the statuses of the user's requests.
struct RoleSet {
    name: &'static str,
    roles: &'static [&'static str],
    read: u16,
    create: u16,
    update: u16,
    delete: u16,
}

/// A request, and its status.
struct Operation {
    line: String,
    body: Option<Value>,
    status: u16,
}

const ROLES: [RoleSet; 6] = [
    RoleSet {
        name: "Admin",
        roles: &["Admin"],
        read: 200,
        create: 201,
        update: 200,
        delete: 200,
    },
    RoleSet {
        name: "Editor",
        roles: &["Editor"],
        read: 200,
        create: 201,
        update: 200,
        delete: 403,
    },
    RoleSet {
        name: "Reader",
        roles: &["Reader"],
        read: 200,
        create: 403,
        update: 403,
        delete: 403,
    },
    RoleSet {
        name: "Reader and Editor",
        roles: &["Reader", "Editor"],
        read: 200,
        create: 201,
        update: 200,
        delete: 403,
    },
    RoleSet {
        name: "Admin in another spelling",
        roles: &["admin"],
        read: 403,
        create: 403,
        update: 403,
        delete: 403,
    },
    RoleSet {
        name: "no role",
        roles: &[],
        read: 403,
        create: 403,
        update: 403,
        delete: 403,
    },
];

impl RoleSet {
    /// A request for each operation on the task `id`. Every user may see the own profile.
    fn operations(&self, id: i64) -> [Operation; 6] {
        let operation = |line: String, body, status| Operation { line, body, status };
        let title = || Some(json!({ "title": "new" }));
        [
            operation("GET /api/me".to_owned(), None, 200),
            operation("GET /api/tasks".to_owned(), None, self.read),
            operation(format!("GET /api/tasks/{id}"), None, self.read),
            operation("POST /api/tasks".to_owned(), title(), self.create),
            operation(format!("PATCH /api/tasks/{id}"), title(), self.update),
            operation(format!("DELETE /api/tasks/{id}"), None, self.delete),
        ]
    }
}

on_both! {
    async fn role_allows_only_its_operations(backend) {
        let service = Service::start(backend).await;
        let owner = caller("t1", "owner", &["Editor"]);
        for role in ROLES {
            let id = service.create(&owner, "own task").await;
            let user = caller("t1", "owner", role.roles);
            for Operation { line, body, status } in role.operations(id) {
                let answer = service.send(&user, &line, body).await;
                assert_eq!(answer.status, status, "{}: {line}: {answer:?}", role.name);
            }
        }
    }

    async fn defect_11_missing_role_is_a_403_that_names_the_roles(backend) {
        let service = Service::start(backend).await;
        let reader = caller("t1", "r", &["Reader"]);
        let answer = service
            .send(&reader, "POST /api/tasks", Some(json!({ "title": "x" })))
            .await;
        answer.assert_problem(403, "role_missing", "a Reader creates a task");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(
            ["Admin", "Editor", "Reader"]
                .iter()
                .all(|role| detail.contains(role)),
            "{detail}"
        );
    }

    async fn defect_15_user_without_a_role_sees_the_own_profile(backend) {
        let service = Service::start(backend).await;
        let user = Caller {
            scopes: vec!["access_as_user".to_owned(), "other".to_owned()],
            ..caller("t1", "u1", &[])
        };
        let expected = json!({
            "id": "u1", "name": "u1 Müller", "email": "u1@example.com", "tenant_id": "t1",
            "roles": [], "scopes": "access_as_user other",
        });
        assert_eq!(
            service.send(&user, "GET /api/me", None).await.body,
            expected
        );
    }
}
