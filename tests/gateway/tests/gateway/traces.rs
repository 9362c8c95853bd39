//! One request is one trace, from the gateway to the last service.
#![allow(
    clippy::indexing_slicing,
    reason = "indexing a serde_json value by a missing name gives null"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Stack, StackOptions};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Far longer than the 5 seconds between two exports.
const PATIENCE: Duration = Duration::from_mins(1);
const CLIENT_TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const IN_THE_QUERY: &str = "only-the-service-may-see-this";

/// Spans, each with the name of its process.
type Spans = Arc<Mutex<Vec<(String, Span)>>>;

#[derive(Clone, Default)]
struct Collector(Spans);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for of_process in request.into_inner().resource_spans {
            let attributes = of_process.resource.unwrap_or_default().attributes;
            let name = attributes
                .iter()
                .find(|attribute| attribute.key == "service.name");
            let name = name.and_then(|name| match name.value.as_ref()?.value.as_ref()? {
                Any::StringValue(name) => Some(name.clone()),
                _ => None,
            });
            let of_scopes = of_process
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans);
            spans.extend(of_scopes.map(|span| (name.clone().unwrap_or_default(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> anyhow::Result<(Self, u16)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let collector = Self::default();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Ok((collector, port))
    }

    /// Returns the path of each span: `process: span` of its parents and itself.
    fn paths(&self) -> BTreeSet<String> {
        let spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let path = |span: &Span| {
            let mut steps = Vec::new();
            let mut current = Some(span);
            while let Some(span) = current {
                let process = spans
                    .iter()
                    .find(|(_, known)| known.span_id == span.span_id);
                steps.push(format!(
                    "{}: {}",
                    process.map_or("", |(process, _)| process),
                    span.name
                ));
                current = spans
                    .iter()
                    .map(|(_, parent)| parent)
                    .find(|parent| parent.span_id == span.parent_span_id);
            }
            steps.reverse();
            steps.join(" > ")
        };
        spans.iter().map(|(_, span)| path(span)).collect()
    }

    fn text(&self) -> String {
        format!(
            "{:?}",
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        )
    }
}

fn traced(port: u16) -> StackOptions {
    let options = StackOptions::default().envoy_options(["tracing"]);
    let options = options.variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        format!("http://127.0.0.1:{port}"),
    );
    options.envoy(move |files| {
        let clusters = files.clusters["resources"]
            .as_array_mut()
            .context("no clusters")?;
        let traces = clusters
            .iter_mut()
            .find(|cluster| cluster["name"] == "traces")
            .context("no cluster of traces")?;
        let place = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address\
                     /socket_address/port_value";
        *traces.pointer_mut(place).context("no port")? = json!(port);
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn task_creation_is_one_trace_to_the_last_service() -> anyhow::Result<()> {
    let (collector, port) = Collector::start().await?;
    let stack = Stack::start_with(traced(port)).await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let url = format!("{}/api/tasks?note={IN_THE_QUERY}", stack.gateway());
    let request = stack
        .http()
        .post(url)
        .bearer_auth(&token)
        .json(&json!({"title": "traced"}));
    let request = request.header(
        "traceparent",
        format!("00-{CLIENT_TRACE_ID}-b7ad6b7169203331-01"),
    );
    assert_eq!(request.send().await?.status(), 201);

    let expected = [
        "gateway: ingress > gateway: async envoy.service.auth.v3.Authorization.Check egress \
         > portcullis: Check",
        "gateway: ingress > task-api: POST /api/tasks > task-api: call notification \
         > notification: POST /notify",
        "gateway: ingress > task-api: POST /api/tasks > task-api: call audit \
         > task-api: obtain a token",
        "gateway: ingress > task-api: POST /api/tasks > task-api: call audit > audit: POST /audit",
        "gateway: ingress > task-api: POST /api/tasks > task-api: obtain a token",
    ];
    let complete = async {
        while !expected
            .iter()
            .all(|path| collector.paths().contains(*path))
        {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, complete)
        .await
        .map_err(|_| anyhow::anyhow!("{:#?}", collector.paths()))?;
    let text = collector.text();
    let signature = token
        .rsplit('.')
        .next()
        .context("a token has a signature")?;
    for secret in [CLIENT_TRACE_ID, IN_THE_QUERY, signature, "@contoso.example"] {
        assert!(!text.contains(secret), "a span holds {secret}: {text}");
    }
    assert!(text.contains("portcullis.policy"), "{text}");
    stack.stop().await
}
