//! The gRPC health service of the authz server, which kubelet calls.

use anyhow::Context;
use dev_stack::Stack;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

async fn status(channel: Channel, service: &str) -> anyhow::Result<ServingStatus> {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let response = HealthClient::new(channel).check(request).await?;
    ServingStatus::try_from(response.into_inner().status).context("an unknown status")
}

#[tokio::test(flavor = "multi_thread")]
async fn authz_server_reports_serving() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let channel = Endpoint::from_shared(stack.authz())?.connect().await?;
    for service in ["", "envoy.service.auth.v3.Authorization"] {
        assert_eq!(
            status(channel.clone(), service).await?,
            ServingStatus::Serving,
            "{service}"
        );
    }
    assert!(status(channel, "another.Service").await.is_err());
    stack.stop().await
}
