//! The example backends behind the real gateway accept what the authz server signs.

use std::path::Path;
use std::time::Duration;

use dev_stack::directory::{CONTOSO, READER, TASK_API};
use dev_stack::{Answer, Stack};
use portcullis_assertion::HEADER;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::backend::{Example, Keys, Unbound};
use crate::shared_key::{MacKey, write_key_file};

const LANGUAGES: [&str; 3] = ["python", "node", "go"];
/// Has escapes and an empty value, because a path that a hop rewrites is another path.
const TARGET: &str = "/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&empty=&page=2";

const PER_ROUTE: &str =
    "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";

const POLICY: &str = "
---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: orders}
spec:
  issuer: entra
  application: 3a5c0001-0000-4000-8000-000000000001
  allow:
    - {callers: users, scopes: [access_as_user]}
  upstream: {name: orders}
";

#[tokio::test(flavor = "multi_thread")]
async fn through_envoy() -> anyhow::Result<()> {
    let mut stack = Stack::start_apart().await?;
    // The authz server does not have this MAC key yet, so its assertions are ES256.
    let keys_url = stack.assertion_keys();
    let shared = MacKey::generate();
    let key_file = write_key_file(stack.state(), &shared.line());
    let mut backends = Vec::new();
    for language in LANGUAGES {
        let Some(example) = Example::prepare(language) else {
            continue;
        };
        let keys = Keys {
            url: Some(&keys_url),
            file: Some(&key_file),
        };
        let backend = example.start(keys, Unbound::Denied).await;
        backends.push((language, backend, example));
    }
    add_policy(&stack).await?;
    add_routes(
        &stack,
        backends
            .iter()
            .map(|(language, backend, _)| (*language, backend.port())),
    )?;
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    for (language, backend, _) in &backends {
        wait_until_reached(&stack, language, &token).await;
        callers_are_those_of_the_token(&stack, language, &token).await?;
        let around = backend
            .answer(&format!("GET {TARGET}"), &[("x-user-oid", "o")])
            .await;
        around.must_be_problem(401, "assertion_missing", language);
    }
    stack.stop_authz().await?;
    stack.start_authz().await?;
    for (language, ..) in &backends {
        wait_until_reached(&stack, language, &token).await;
    }
    assert_eq!(mac_key_ids("orders", &stack).await?, Value::Null);
    write_key_file(&stack.mac_key_folder(), &shared.line());
    timeout(Duration::from_secs(20), async {
        let mut pause = interval(Duration::from_millis(50));
        while mac_key_ids("orders", &stack).await? != json!([shared.key_id()]) {
            pause.tick().await;
        }
        anyhow::Ok(())
    })
    .await??;
    for (language, ..) in &backends {
        wait_until_reached(&stack, language, &token).await;
        callers_are_those_of_the_token(&stack, language, &token).await?;
    }
    stack.stop().await
}

/// Returns the ids of the upstream's MAC keys in the authz server, or null if it has none.
async fn mac_key_ids(upstream: &str, stack: &Stack) -> anyhow::Result<Value> {
    let status: Value = stack
        .http()
        .get(format!("{}/status", stack.admin_api()))
        .send()
        .await?
        .json()
        .await?;
    Ok(status["assertion_keys"]["HS256"][upstream].clone())
}

async fn get(
    stack: &Stack,
    language: &str,
    token: &str,
    own: &[(&str, &str)],
) -> anyhow::Result<Answer> {
    let request = stack
        .http()
        .get(format!("{}/{language}{TARGET}", stack.gateway()))
        .bearer_auth(token);
    Answer::to(own.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    }))
    .await
}

/// Waits until the backend answers 200 through the gateway.
///
/// Envoy may still read its routes, or the backend fetch the key of a restarted authz server.
async fn wait_until_reached(stack: &Stack, language: &str, token: &str) {
    let mut last = None;
    let reached = async {
        let mut pause = interval(Duration::from_millis(50));
        loop {
            pause.tick().await;
            match get(stack, language, token, &[]).await {
                Ok(answer) if answer.status == 200 => return,
                answer => last = Some(answer),
            }
        }
    };
    let waited = timeout(Duration::from_secs(20), reached).await;
    assert!(waited.is_ok(), "{language} is not reached: {last:?}");
}

async fn callers_are_those_of_the_token(
    stack: &Stack,
    language: &str,
    token: &str,
) -> anyhow::Result<()> {
    let forged = [
        (HEADER, "a.b.c"),
        ("x-user-oid", "another-oid"),
        ("x-user-roles", "Admin"),
    ];
    for own in [&[][..], &forged] {
        let answer = get(stack, language, token, own).await?;
        let caller = json!({
            "tenant": CONTOSO,
            "objectId": "aaaaaaaa-0003-4000-8000-000000000003",
            "kind": "user",
            "roles": ["Reader"],
            "scopes": ["access_as_user"],
        });
        assert_eq!(
            (answer.status.as_u16(), &answer.body["caller"]),
            (200, &caller),
            "{language} with {own:?}"
        );
    }
    Ok(())
}

async fn add_policy(stack: &Stack) -> anyhow::Result<()> {
    let file = stack.state().join("policy.yaml");
    std::fs::write(&file, std::fs::read_to_string(&file)? + POLICY)?;
    let reload = format!("{}/policies/reload", stack.admin_api());
    stack.http().post(reload).send().await?.error_for_status()?;
    Ok(())
}

/// Adds a cluster and a route for each backend, as `envoy/README.md` says.
///
/// Envoy removes the prefix of each route.
fn add_routes<'a>(
    stack: &Stack,
    backends: impl Iterator<Item = (&'a str, u16)>,
) -> anyhow::Result<()> {
    let folder = stack.state().join("envoy");
    let mut clusters = read(&folder.join("clusters.yaml"))?;
    let mut routes = read(&folder.join("routes.yaml"))?;
    let model = clusters["resources"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    for (language, port) in backends {
        let mut cluster = model.clone();
        cluster["name"] = language.into();
        cluster["load_assignment"]["cluster_name"] = language.into();
        let endpoint = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address\
                        /socket_address/port_value";
        *cluster.pointer_mut(endpoint).unwrap() = port.into();
        clusters["resources"].as_array_mut().unwrap().push(cluster);
        let extensions = json!({"policy": "orders", "removed_prefix": format!("/{language}")});
        let route = json!({
            "name": language,
            "match": {"path": format!("/{language}/orders")},
            "route": {"cluster": language, "prefix_rewrite": "/orders"},
            "typed_per_filter_config": {"envoy.filters.http.ext_authz": {
                "@type": PER_ROUTE,
                "check_settings": {"context_extensions": extensions},
            }},
        });
        routes["resources"][0]["virtual_hosts"][0]["routes"]
            .as_array_mut()
            .unwrap()
            .insert(0, route);
    }
    replace(&folder.join("clusters.yaml"), &clusters)?;
    replace(&folder.join("routes.yaml"), &routes)
}

fn read(file: &Path) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

/// Replaces a file by a rename: Envoy does not notice a file that is written in place.
fn replace(file: &Path, content: &Value) -> anyhow::Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, content.to_string())?;
    Ok(std::fs::rename(new, file)?)
}
