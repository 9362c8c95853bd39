//! Groups of the directory file, and the app roles that their members have.

use super::{ADA, ALL, Graph, claims, json};
use crate::fixture::{password_form, with};

const MANNY: &str = "aaaaaaaa-0007-4000-8000-000000000007";
const NORMAN: &str = "aaaaaaaa-0006-4000-8000-000000000006";
const READERS: &str = "dddddddd-0001-4000-8000-000000000001";
const FABRIKAMS_GROUP: &str = "/groups/dddddddd-0009-4000-8000-000000000001";
const READ: &str = "GroupMember.Read.All";

/// The ids or names in an answer.
fn values<'a>(answer: &'a serde_json::Value, name: &str) -> Vec<&'a str> {
    let objects = answer["value"].as_array().unwrap().iter();
    objects
        .map(|object| object[name].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn member_objects_of_a_user_are_the_groups() {
    let graph = Graph::with_scopes("User.Read").await;
    let body = json!({"securityEnabledOnly": true});
    let path = format!("/users/{ADA}/getMemberObjects");
    let answer = graph.expect(200, "POST", &path, Some(&body)).await;
    assert_eq!(answer["value"], json!([]));
    graph.expect(400, "POST", &path, None).await;
    let other = "/users/eddie.editor@contoso.example/getMemberObjects";
    graph.expect(403, "POST", other, Some(&body)).await;

    let graph = Graph::with_scopes(READ).await;
    for (user, count) in [(MANNY, 201), (NORMAN, 0)] {
        for operation in ["getMemberObjects", "getMemberGroups"] {
            let path = format!("/users/{user}/{operation}");
            let answer = graph.expect(200, "POST", &path, Some(&body)).await;
            let ids = answer["value"].as_array().unwrap();
            assert_eq!(ids.len(), count, "{path}");
            assert_eq!(ids.contains(&json!(READERS)), count > 0, "{path}");
        }
    }
}

#[tokio::test]
async fn groups_of_the_tenant_are_answered() {
    let graph = Graph::with_scopes(READ).await;
    assert_eq!(graph.expect(200, "GET", "/groups/$count", None).await, 201);
    let group = graph
        .expect(200, "GET", &format!("/groups/{READERS}"), None)
        .await;
    assert_eq!(
        (&group["displayName"], &group["securityEnabled"]),
        (&json!("Readers"), &json!(true))
    );
    let filter = "/groups?$filter=displayName+eq+'Readers'&$select=id";
    let found = graph.expect(200, "GET", filter, None).await;
    assert_eq!(values(&found, "id"), [READERS]);
    graph.expect(404, "GET", FABRIKAMS_GROUP, None).await;
    let path = format!("/groups/{READERS}");
    graph.expect(405, "DELETE", &path, None).await;
}

#[tokio::test]
async fn membership_is_the_same_from_both_sides() {
    let graph = Graph::with_scopes(READ).await;
    let path = format!("/groups/{READERS}/members");
    let members = graph.expect(200, "GET", &path, None).await;
    let mut names = values(&members, "displayName");
    names.sort_unstable();
    assert_eq!(names, ["Gail Guest", "Manny Many"]);
    let guest = members["value"].as_array().unwrap().iter();
    let guest = guest.clone().find(|it| it["userType"] == "Guest").unwrap();
    let upn = guest["userPrincipalName"].as_str().unwrap();
    assert!(upn.contains("#EXT#@"), "{upn}");
    let path = format!("/users/{}/memberOf", guest["id"].as_str().unwrap());
    let groups = graph.expect(200, "GET", &path, None).await;
    assert_eq!(values(&groups, "id"), [READERS]);
}

#[tokio::test]
async fn role_of_a_group_is_that_of_its_members() {
    let graph = Graph::with_scopes(&format!("{ALL} {READ}")).await;
    let form = with(
        &with(&password_form(), "username", "manny.many@contoso.example"),
        "password",
        "Manny-Passw0rd!",
    );
    assert_eq!(
        claims(&graph.fixture, &form).await["roles"],
        json!(["Reader"])
    );
    let path = format!("/groups/{READERS}/appRoleAssignments");
    let assignments = graph.expect(200, "GET", &path, None).await;
    let assignment = assignments["value"][0].clone();
    assert_eq!(assignment["principalType"], "Group");
    let one = format!("{path}/{}", assignment["id"].as_str().unwrap());
    graph.expect(204, "DELETE", &one, None).await;
    let roles = claims(&graph.fixture, &form).await;
    assert!(roles.get("roles").is_none(), "{roles}");

    let body = json!({
        "principalId": READERS, "resourceId": assignment["resourceId"],
        "appRoleId": assignment["appRoleId"],
    });
    graph.expect(201, "POST", &path, Some(&body)).await;
    assert_eq!(
        claims(&graph.fixture, &form).await["roles"],
        json!(["Reader"])
    );
}
