//! One request is one trace: from the gateway through the gate and the task API, on the user's
//! behalf, to the last service.
#![allow(
    clippy::indexing_slicing,
    reason = "reading a serde_json value by name answers null for what is not there"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Stack, Variation};
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

/// Exporters send what they have every 5 seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const CLIENTS_OWN: &str = "0af7651916cd43dd8448eb211c80319c";
const IN_THE_QUERY: &str = "only-the-service-may-see-this";

/// Spans by the process that they are of.
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

    /// `process: span` for each span of the trace that begins with a POST at the gateway, below
    /// what it is part of.
    fn paths(&self) -> BTreeSet<String> {
        let spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let path = |span: &Span| {
            let (mut steps, mut current) = (Vec::new(), Some(span));
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

fn traced(port: u16) -> Variation {
    let variation = Variation::default().envoy_options(["tracing"]);
    let variation = variation.variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        format!("http://127.0.0.1:{port}"),
    );
    variation.envoy(move |files| {
        let clusters = files.clusters["resources"].as_array_mut().context("no clusters")?;
        let traces = clusters.iter_mut().find(|cluster| cluster["name"] == "traces").context("no cluster of traces")?;
        let place = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
        *traces.pointer_mut(place).context("no port")? = json!(port);
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_is_one_trace_to_the_last_service() -> anyhow::Result<()> {
    let (collector, port) = Collector::start().await?;
    let stack = Stack::start_varied(traced(port)).await?;
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
        format!("00-{CLIENTS_OWN}-b7ad6b7169203331-01"),
    );
    assert_eq!(request.send().await?.status(), 201);

    let expected = [
        "gateway: ingress > gateway: async envoy.service.auth.v3.Authorization.Check egress > portcullis: Check",
        "gateway: ingress > task-api: POST /api/tasks > task-api: tell notification > notification: POST /notify",
        "gateway: ingress > task-api: POST /api/tasks > task-api: tell audit > task-api: obtain a token",
        "gateway: ingress > task-api: POST /api/tasks > task-api: tell audit > audit: POST /audit",
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
    let (text, signature) = (
        collector.text(),
        token
            .rsplit('.')
            .next()
            .context("a token has a signature")?
            .to_owned(),
    );
    for secret in [
        CLIENTS_OWN,
        IN_THE_QUERY,
        signature.as_str(),
        "@contoso.example",
    ] {
        assert!(!text.contains(secret), "a span holds {secret}: {text}");
    }
    assert!(text.contains("portcullis.policy"), "{text}");
    stack.stop().await
}
