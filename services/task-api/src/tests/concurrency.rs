use dev_service::on_both;
use futures::future::join_all;
use serde_json::json;

use super::service::{Service, caller, without_token};

on_both! {
    async fn of_many_editors_of_one_version_one_wins(backend) {
        let service = Service::start(backend).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let id = service.create(&admin, "task").await;
        let line = format!("PATCH /api/tasks/{id}");
        let edits = (0..12).map(|number| {
            let (service, admin, line) = (&service, &admin, &line);
            async move {
                let body = Some(json!({ "title": format!("edit {number}") }));
                service.send_as(without_token(admin), line, &[("if-match", "\"1\"")], body).await.status
            }
        });
        let mut statuses = join_all(edits).await;
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200);
        assert!(statuses[1..].iter().all(|status| *status == 412), "{statuses:?}");
    }

    async fn changes_and_deletions_at_once_are_told_as_they_happened(backend) {
        let service = Service::start(backend).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let id = service.create(&admin, "task").await;
        let requests = (0..12).map(|number| {
            let (service, admin) = (&service, &admin);
            let method = if number % 3 == 0 { "DELETE" } else { "PATCH" };
            async move {
                let body = Some(json!({ "completed": true }));
                (method, service.send(admin, &format!("{method} /api/tasks/{id}"), body).await.status)
            }
        });
        let answers = join_all(requests).await;
        let deleted = answers.iter().filter(|answer| **answer == ("DELETE", 200)).count();
        assert_eq!(deleted, 1, "{answers:?}");
        assert!(answers.iter().all(|(_, status)| [200, 404].contains(status)), "{answers:?}");
    }
}
