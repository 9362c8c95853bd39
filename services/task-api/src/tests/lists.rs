use dev_service::on_both;
use serde_json::json;

use super::service::{Service, caller, titles_of};

on_both! {
    async fn pages_list_every_task_once(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let admin = caller("t1", "admin", &["Admin"]);
        let all: Vec<String> = (0..7).map(|number| format!("task {number}")).collect();
        for title in &all {
            service.create(&editor, title).await;
            service.create(&admin, "not the editor's").await;
        }
        for (order, expected) in [
            ("oldest", all.clone()),
            ("newest", all.iter().rev().cloned().collect()),
        ] {
            let mut query = format!("?limit=3&order={order}");
            let mut seen = Vec::new();
            let mut pages = 0;
            loop {
                let page = service
                    .send(&editor, &format!("GET /api/tasks{query}"), None)
                    .await;
                seen.extend(titles_of(&page.body));
                pages += 1;
                if pages == 1 {
                    // A task that is created meanwhile does not move the following pages.
                    service.create(&admin, "in between").await;
                }
                let Some(link) = page.header("link") else {
                    break;
                };
                let next = link
                    .strip_prefix('<')
                    .unwrap()
                    .strip_suffix(">; rel=\"next\"")
                    .unwrap();
                assert!(
                    next.starts_with('?') && next.contains("limit=3") && next.contains(order),
                    "{link}"
                );
                query = next.to_owned();
            }
            assert_eq!((seen, pages), (expected, 3), "{order}");
        }
        // Clients of the first version request no pages, and get the whole array.
        assert_eq!(service.titles(&editor).await, all);
    }

    async fn filters_select_tasks(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let admin = caller("t1", "admin", &["Admin"]);
        let done = service.create(&editor, "done").await;
        service.create(&editor, "open").await;
        service.create(&admin, "of admin").await;
        service
            .send(
                &editor,
                &format!("PATCH /api/tasks/{done}"),
                Some(json!({ "completed": true })),
            )
            .await;
        for (caller, query, expected) in [
            (&editor, "completed=true", &["done"][..]),
            (&editor, "completed=false", &["open"]),
            (&editor, "owner_id=admin", &[]),
            (&editor, "owner_id=editor&completed=false", &["open"]),
            (&admin, "owner_id=editor", &["done", "open"]),
            (
                &admin,
                "completed=false&order=newest",
                &["of admin", "open"],
            ),
            (&admin, "owner_id=nobody", &[]),
        ] {
            let list = service
                .send(caller, &format!("GET /api/tasks?{query}"), None)
                .await;
            assert_eq!(titles_of(&list.body), expected, "{query}");
        }
    }

    async fn invalid_parameter_is_named_in_problem(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=-1", "limit"),
            ("cursor=", "cursor"),
            ("cursor=1%20OR%201", "cursor"),
            ("cursor=-1", "cursor"),
            ("cursor=99999999999999999999", "cursor"),
            ("order=title", "order"),
            ("completed=yes", "completed"),
            ("colour=red", "colour"),
        ] {
            let answer = service
                .send(&editor, &format!("GET /api/tasks?{query}"), None)
                .await;
            assert_eq!(
                (answer.status, &answer.body["field"]),
                (422, &json!(field)),
                "{query}: {answer:?}"
            );
        }
    }
}
