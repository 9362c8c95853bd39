//! Changes of the directory: their order, their delay and their list.

use std::time::{Duration, Instant};

use super::{ALL, CONTOSO, Fixture, Graph, delegated, json};
use crate::directory::Directory;
use crate::fixture::{DIRECTORY, NO_RIGHTS, credentials_form};

#[tokio::test]
async fn change_is_visible_after_the_replication_delay() {
    let Fixture { live, entra } = Fixture::new();
    let live = live.with_replication_delay(Duration::from_hours(1));
    let fixture = Fixture { live, entra };
    let token = delegated(&fixture, CONTOSO, ALL).await;
    let graph = Graph { fixture, token };
    let path = format!("/applications(appId='{NO_RIGHTS}')");
    graph.expect(204, "DELETE", &path, None).await;
    graph.expect(200, "GET", &path, None).await;
    let form = credentials_form(NO_RIGHTS, "no-rights-secret");
    assert_eq!(graph.fixture.token(CONTOSO, &form).await.0, 200);
    // A second change builds on the first, which no request sees yet.
    let body = json!({"displayName": "new"});
    graph
        .expect(201, "POST", "/applications", Some(&body))
        .await;

    let later = Instant::now() + Duration::from_hours(2);
    graph.fixture.live.settle(later);
    graph.expect(404, "GET", &path, None).await;
    assert_eq!(graph.fixture.token(CONTOSO, &form).await.0, 400);
    let filter = "/applications?$filter=displayName+eq+'new'";
    let found = graph.expect(200, "GET", filter, None).await;
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn concurrent_changes_are_all_kept() {
    let graph = Graph::with_scopes(ALL).await;
    let live = &graph.fixture.live;
    let add = || {
        live.change_directory(|directory| {
            let mut registry = directory.registry().clone();
            let mut copy = registry.registrations().next().unwrap().clone();
            copy.application.id = uuid::Uuid::new_v4();
            copy.application.app_id = uuid::Uuid::new_v4();
            registry.put_registration(copy);
            Ok::<_, ()>((directory.with_registry(registry), ()))
        })
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| add().unwrap());
        }
    });
    let count = |directory: &Directory| directory.registry().registrations().count();
    let before = count(&graph.fixture.entra.directory);
    assert_eq!(count(&live.entra().directory), before + 8);
}

#[tokio::test]
async fn changes_can_be_written_and_made_again() {
    let graph = Graph::with_scopes(ALL).await;
    let path = format!("/applications(appId='{NO_RIGHTS}')");
    graph.expect(204, "DELETE", &path, None).await;
    let body = json!({"displayName": "new"});
    let created = graph
        .expect(201, "POST", "/applications", Some(&body))
        .await;
    let now = graph.fixture.live.entra();
    let text = serde_json::to_string(&now.directory.registry().changes()).unwrap();
    assert!(!text.contains("task-api"), "only what changed: {text}");

    let fresh = Directory::parse("directory.yaml", DIRECTORY).unwrap();
    let mut registry = fresh.registry().clone();
    registry.apply(serde_json::from_str(&text).unwrap());
    let again = fresh.with_registry(registry);
    let ids = |directory: &Directory| {
        let applications = directory.applications().iter();
        applications.map(|it| it.client_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&again), ids(&now.directory));
    let mut registrations = again.registry().registrations();
    assert!(registrations.any(|it| created["id"] == json!(it.application.id)));
}

#[test]
fn directory_file_means_the_same_through_the_registry() {
    let directory = Directory::parse("directory.yaml", DIRECTORY).unwrap();
    let again = directory.with_registry(directory.registry().clone());
    let lines = |directory: &Directory| {
        let applications = directory.applications().iter();
        let mut lines: Vec<String> = applications.map(|it| format!("{it:?}")).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&again), lines(&directory));
    let users = |directory: &Directory| format!("{:?}", directory.users());
    assert_eq!(users(&again), users(&directory));
}

#[tokio::test]
async fn new_directory_replaces_changes_and_later_changes_build_on_it() {
    let Fixture { live, entra } = Fixture::new();
    let live = live.with_replication_delay(Duration::from_hours(1));
    let fixture = Fixture { live, entra };
    let token = delegated(&fixture, CONTOSO, ALL).await;
    let graph = Graph { fixture, token };
    let add = async |name: &str| {
        let body = json!({"displayName": name});
        graph
            .expect(201, "POST", "/applications", Some(&body))
            .await;
    };
    add("before").await;
    let text = DIRECTORY.replace("Ada Admin", "Ada Anew");
    let directory = Directory::parse("directory.yaml", &text).unwrap();
    graph.fixture.live.replace_directory(directory);
    let me = "/users/ada.admin@contoso.example";
    let user = graph.expect(200, "GET", me, None).await;
    assert_eq!(user["displayName"], "Ada Anew", "in force without a delay");
    add("after").await;

    graph
        .fixture
        .live
        .settle(Instant::now() + Duration::from_hours(2));
    for (name, count) in [("before", 0), ("after", 1)] {
        let filter = format!("/applications?$filter=displayName+eq+'{name}'");
        let found = graph.expect(200, "GET", &filter, None).await;
        assert_eq!(found["value"].as_array().unwrap().len(), count, "{name}");
    }
    let user = graph.expect(200, "GET", me, None).await;
    assert_eq!(user["displayName"], "Ada Anew");
}
