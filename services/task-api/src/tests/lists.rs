use dev_service::{InvalidParameter, on_both};
use portcullis_token::Caller;
use serde_json::json;

use super::service::{Service, caller, titles_of};

/// A parameter `order`, and the titles in that order.
struct Ordered {
    order: &'static str,
    titles: Vec<String>,
}

/// A filter, and the titles of the tasks that it selects.
struct Filtered<'a> {
    name: &'static str,
    caller: &'a Caller,
    query: &'static str,
    titles: &'static [&'static str],
}

const INVALID_PARAMETERS: [InvalidParameter; 10] = [
    InvalidParameter {
        name: "limit below one",
        uri: "/api/tasks?limit=0",
        field: "limit",
    },
    InvalidParameter {
        name: "limit above the maximum",
        uri: "/api/tasks?limit=1001",
        field: "limit",
    },
    InvalidParameter {
        name: "negative limit",
        uri: "/api/tasks?limit=-1",
        field: "limit",
    },
    InvalidParameter {
        name: "empty cursor",
        uri: "/api/tasks?cursor=",
        field: "cursor",
    },
    InvalidParameter {
        name: "SQL in the cursor",
        uri: "/api/tasks?cursor=1%20OR%201",
        field: "cursor",
    },
    InvalidParameter {
        name: "negative cursor",
        uri: "/api/tasks?cursor=-1",
        field: "cursor",
    },
    InvalidParameter {
        name: "cursor beyond every id",
        uri: "/api/tasks?cursor=99999999999999999999",
        field: "cursor",
    },
    InvalidParameter {
        name: "unknown order",
        uri: "/api/tasks?order=title",
        field: "order",
    },
    InvalidParameter {
        name: "completed in words",
        uri: "/api/tasks?completed=yes",
        field: "completed",
    },
    InvalidParameter {
        name: "unknown parameter",
        uri: "/api/tasks?colour=red",
        field: "colour",
    },
];

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
        for Ordered { order, titles } in [
            Ordered {
                order: "oldest",
                titles: all.clone(),
            },
            Ordered {
                order: "newest",
                titles: all.iter().rev().cloned().collect(),
            },
        ] {
            let mut next = Some(format!("?limit=3&order={order}"));
            let mut seen = Vec::new();
            let mut pages = 0;
            while let Some(query) = next {
                assert!(
                    query.starts_with('?') && query.contains("limit=3") && query.contains(order),
                    "{query}"
                );
                let page = service
                    .send(&editor, &format!("GET /api/tasks{query}"), None)
                    .await;
                seen.extend(titles_of(&page.body));
                pages += 1;
                if pages == 1 {
                    // A task that is created meanwhile does not move the following pages.
                    service.create(&admin, "in between").await;
                }
                next = page.next_page();
            }
            assert_eq!((seen, pages), (titles, 3), "{order}");
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
        for Filtered {
            name,
            caller,
            query,
            titles,
        } in [
            Filtered {
                name: "completed",
                caller: &editor,
                query: "completed=true",
                titles: &["done"],
            },
            Filtered {
                name: "not completed",
                caller: &editor,
                query: "completed=false",
                titles: &["open"],
            },
            Filtered {
                name: "another user's, as an editor",
                caller: &editor,
                query: "owner_id=admin",
                titles: &[],
            },
            Filtered {
                name: "own and not completed",
                caller: &editor,
                query: "owner_id=editor&completed=false",
                titles: &["open"],
            },
            Filtered {
                name: "another user's, as an admin",
                caller: &admin,
                query: "owner_id=editor",
                titles: &["done", "open"],
            },
            Filtered {
                name: "not completed, the newest first",
                caller: &admin,
                query: "completed=false&order=newest",
                titles: &["of admin", "open"],
            },
            Filtered {
                name: "of an unknown user",
                caller: &admin,
                query: "owner_id=nobody",
                titles: &[],
            },
        ] {
            let list = service
                .send(caller, &format!("GET /api/tasks?{query}"), None)
                .await;
            assert_eq!(titles_of(&list.body), titles, "{name}");
        }
    }

    async fn invalid_parameter_is_named_in_problem(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        for InvalidParameter { name, uri, field } in INVALID_PARAMETERS {
            service
                .send(&editor, &format!("GET {uri}"), None)
                .await
                .assert_invalid(field, name);
        }
    }
}
