//! OpenTelemetry traces with W3C Trace Context, from the gateway to the last service.
//!
//! Without a collector a program makes no span, but still passes the trace of a request on to the
//! services that it calls.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use http::HeaderMap;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, Value, global};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use url::Url;

/// The instrumentation scope of the spans.
const TRACER: &str = "portcullis";

static RECORDED: AtomicBool = AtomicBool::new(false);

/// The export of spans, if there is a collector. Stop it at the end of the process.
#[derive(Debug)]
pub(crate) struct Export(Option<SdkTracerProvider>);

impl Export {
    /// Starts exporting the spans of the program `name`.
    ///
    /// The caller must be inside the async runtime, whose threads send the spans. The `OTEL_*`
    /// variables of the specification set the attributes of the process and the sampling. Spans
    /// wait in a bounded queue, so an unreachable collector costs spans and nothing else.
    pub(crate) fn start(name: &'static str, collector: Option<&Url>) -> anyhow::Result<Self> {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let Some(collector) = collector else {
            return Ok(Self(None));
        };
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(collector.as_str())
            .build();
        let exporter =
            exporter.with_context(|| format!("--otlp-endpoint {collector}: cannot be used"))?;
        let resource = Resource::builder().with_service_name(name).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        global::set_tracer_provider(provider.clone());
        RECORDED.store(true, Ordering::Relaxed);
        Ok(Self(Some(provider)))
    }

    /// Sends the waiting spans, for a few seconds at most.
    pub(crate) fn stop(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(cause = %error, "cannot send the last spans");
        }
    }
}

/// This process's span of a trace. It ends when it is dropped.
///
/// Without a collector it only passes the caller's trace on.
#[derive(Debug)]
pub struct TraceSpan(Context);

impl TraceSpan {
    /// Starts the span of a request, in the trace that `headers` name.
    ///
    /// `name` must have few values, such as a method and a route's pattern.
    #[must_use]
    pub fn of_request(name: impl FnOnce() -> String, headers: &HeaderMap) -> Self {
        let caller = global::get_text_map_propagator(|propagator| {
            propagator.extract(&HeaderExtractor(headers))
        });
        Self::start(name, SpanKind::Server, caller)
    }

    /// Starts the span of a call to another server, in the current trace.
    #[must_use]
    pub fn of_call(name: impl FnOnce() -> String) -> Self {
        Self::start(name, SpanKind::Client, Context::current())
    }

    fn start(name: impl FnOnce() -> String, kind: SpanKind, parent: Context) -> Self {
        if !traces_are_recorded() {
            return Self(parent);
        }
        let tracer = global::tracer(TRACER);
        let span = tracer.build_with_context(tracer.span_builder(name()).with_kind(kind), &parent);
        Self(parent.with_span(span))
    }

    /// The context of this span, for [`crate::TraceFuture::with_context`].
    ///
    /// The calls of a future that runs in it belong to this span.
    #[must_use]
    pub fn context(&self) -> Context {
        self.0.clone()
    }

    /// The trace's id, if there is one.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let span = self.0.span();
        let context = span.span_context();
        context.is_valid().then(|| context.trace_id().to_string())
    }

    /// Adds attributes to this span, as [`note_in_trace`] does to the current one.
    pub fn note<const N: usize>(&self, attributes: impl FnOnce() -> [(&'static str, Value); N]) {
        note(&self.0, attributes);
    }

    /// Marks the span as failed for this reason.
    pub fn failed(&self, reason: &'static str) {
        self.0.span().set_status(Status::error(reason));
    }
}

impl Drop for TraceSpan {
    fn drop(&mut self) {
        // The span ends even if a task still holds a clone of the context. The caller's span, of
        // which only the id is here, ignores this call.
        if traces_are_recorded() {
            self.0.span().end();
        }
    }
}

/// Whether spans go to a collector, for code that should not make one in vain.
#[must_use]
pub fn traces_are_recorded() -> bool {
    RECORDED.load(Ordering::Relaxed)
}

/// Adds attributes to the current span.
///
/// `attributes` is not called if no spans are recorded. Values must not contain data that may not
/// be logged.
pub fn note_in_trace<const N: usize>(attributes: impl FnOnce() -> [(&'static str, Value); N]) {
    note(&Context::current(), attributes);
}

fn note<const N: usize>(
    context: &Context,
    attributes: impl FnOnce() -> [(&'static str, Value); N],
) {
    if traces_are_recorded() {
        context
            .span()
            .set_attributes(attributes().map(|(name, value)| KeyValue::new(name, value)));
    }
}

/// The headers with which another server continues the current trace.
#[must_use]
pub fn trace_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&Context::current(), &mut HeaderInjector(&mut headers));
    });
    headers
}
