//! TLS on both sides of the gateway, with the options `tls`, `hsts` and `upstream-tls`.

mod certificates;
mod tls_service;

use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, TASK_API};
use dev_stack::{Answer, Stack, StackOptions};
use reqwest::{Certificate, Client, Version};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use certificates::Authority;
use tls_service::TlsService;

const PATIENCE: Duration = Duration::from_secs(30);

fn trusting(authority: &Authority) -> anyhow::Result<Client> {
    let certificate = Certificate::from_pem(authority.pem().as_bytes())?;
    Ok(Client::builder()
        .no_proxy()
        .https_only(true)
        .tls_certs_only([certificate])
        .pool_max_idle_per_host(0)
        .build()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn new_certificate_is_served_without_restart() -> anyhow::Result<()> {
    let first = Authority::new()?;
    let second = Authority::new()?;
    let folder = tempfile::tempdir()?;
    first
        .issue("localhost")?
        .put(&folder.path().join("gateway"))?;
    let place = folder.path().to_owned();
    let options = StackOptions::default().envoy_options(["tls", "hsts"]);
    let options = options.envoy(move |files| {
        files.certificates.clone_from(&place);
        Ok(())
    });
    let stack = Stack::start_with(options).await?;
    let url = format!(
        "https://localhost:{}/api/me",
        stack.gateway_address().port()
    );

    let response = trusting(&first)?
        .get(&url)
        .send()
        .await
        .context("the first certificate")?;
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (401, Version::HTTP_2)
    );
    let hsts = response
        .headers()
        .get("strict-transport-security")
        .context("no Strict-Transport-Security")?;
    assert_eq!(hsts, "max-age=31536000");
    ensure!(
        trusting(&second)?.get(&url).send().await.is_err(),
        "the gateway must not show the second certificate yet"
    );
    let plain = stack.http().get(url.replace("https", "http")).send().await;
    ensure!(
        plain.is_err(),
        "the TLS port answers without TLS: {plain:?}"
    );

    second
        .issue("localhost")?
        .put(&folder.path().join("gateway"))?;
    let client = trusting(&second)?;
    let started = Instant::now();
    while let Err(error) = client.get(&url).send().await {
        ensure!(
            started.elapsed() < PATIENCE,
            "the new certificate is not shown: {error:?}"
        );
        sleep(Duration::from_millis(50)).await;
    }
    stack.stop().await
}

/// Sends a request to a TLS service, and returns the answer and the service's request count.
///
/// The service has a certificate for `name` and trusts gateways of `trusted_gateways`.
async fn through_tls(
    gateway: &Authority,
    trusted_services: &Authority,
    (service, name): (&Authority, &str),
    trusted_gateways: &Authority,
) -> anyhow::Result<(String, usize)> {
    let folder = tempfile::tempdir()?;
    let as_client = folder.path().join("gateway-as-client");
    gateway.issue("gateway")?.put(&as_client)?;
    std::fs::write(as_client.join("ca.crt"), trusted_services.pem())?;
    let service = TlsService::start(&service.issue(name)?, trusted_gateways)?;
    let place = folder.path().to_owned();
    let port = service.port;
    let options = StackOptions::default().envoy_options(["upstream-tls"]);
    let options = options.envoy(move |files| {
        files.certificates.clone_from(&place);
        let clusters = files
            .clusters
            .get_mut("resources")
            .and_then(Value::as_array_mut)
            .context("clusters.yaml has no resources")?;
        let task_api = clusters
            .iter_mut()
            .find(|cluster| cluster["name"] == "task-api")
            .context("no task-api")?;
        let endpoint = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address\
                        /socket_address/port_value";
        *task_api.pointer_mut(endpoint).context("no endpoint")? = Value::from(port);
        Ok(())
    });
    let stack = Stack::start_with(options).await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let answer = Answer::to(
        stack
            .http()
            .get(format!("{}/api/me", stack.gateway()))
            .bearer_auth(token),
    )
    .await?;
    stack.stop().await?;
    Ok((answer.outcome(), service.requests()))
}

#[tokio::test(flavor = "multi_thread")]
async fn gateway_and_services_authenticate_each_other() -> anyhow::Result<()> {
    struct Case<'a> {
        name: &'static str,
        gateway: &'a Authority,
        service: (&'a Authority, &'static str),
        trusted_gateways: &'a Authority,
        expected: (String, usize),
    }

    let gateways = Authority::new()?;
    let services = Authority::new()?;
    let strangers = Authority::new()?;
    let failed = ("503 upstream_unavailable".to_owned(), 0);
    for Case {
        name,
        gateway,
        service,
        trusted_gateways,
        expected,
    } in [
        Case {
            name: "each of the other's authority",
            gateway: &gateways,
            service: (&services, "task-api"),
            trusted_gateways: &gateways,
            expected: ("200".to_owned(), 1),
        },
        Case {
            name: "a service of another name",
            gateway: &gateways,
            service: (&services, "audit"),
            trusted_gateways: &gateways,
            expected: failed.clone(),
        },
        Case {
            name: "a service of another authority",
            gateway: &gateways,
            service: (&strangers, "task-api"),
            trusted_gateways: &gateways,
            expected: failed.clone(),
        },
        Case {
            name: "a gateway of another authority",
            gateway: &strangers,
            service: (&services, "task-api"),
            trusted_gateways: &gateways,
            expected: failed.clone(),
        },
    ] {
        let found = through_tls(gateway, &services, service, trusted_gateways)
            .await
            .context(name)?;
        assert_eq!(found, expected, "{name}");
    }
    Ok(())
}
