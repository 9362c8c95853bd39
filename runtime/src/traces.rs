//! Traces by OpenTelemetry with W3C Trace Context, so that one request is one picture from the
//! gateway to the last service.
//!
//! Without a collector no span is made, and the trace of a request still goes on to the services
//! that it is passed to.

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

/// Who makes the spans.
const TRACER: &str = "portcullis";

static RECORDED: AtomicBool = AtomicBool::new(false);

/// The export of spans, if there is one. To be stopped at the end of the process.
#[derive(Debug)]
pub(crate) struct Export(Option<SdkTracerProvider>);

impl Export {
    /// Starts exporting the spans of the program `name`. Called inside the runtime, whose threads
    /// send them.
    ///
    /// What each span says of its process, and which requests are sampled, is read from the
    /// `OTEL_*` variables of the specification. Spans wait in a queue of bounded length: a
    /// collector that is away costs spans and nothing else.
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

    /// Sends what waits, for a few seconds at most.
    pub(crate) fn stop(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(cause = %error, "the last spans could not be sent");
        }
    }
}

/// A span as this process's part of a trace. It ends when this is dropped. Without a collector it
/// only carries the caller's trace on.
#[derive(Debug)]
pub struct TraceSpan(Context);

impl TraceSpan {
    /// The work on a request that came with `headers`: it belongs to the trace that they name.
    /// `name` must be one of few, such as a method and a route's pattern.
    #[must_use]
    pub fn of_request(name: impl FnOnce() -> String, headers: &HeaderMap) -> Self {
        let caller = global::get_text_map_propagator(|propagator| {
            propagator.extract(&HeaderExtractor(headers))
        });
        Self::start(name, SpanKind::Server, caller)
    }

    /// A call of another server, as part of the present trace.
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

    /// What futures run in, by [`crate::TraceFuture::with_context`], so that their calls belong to
    /// this span.
    #[must_use]
    pub fn context(&self) -> Context {
        self.0.clone()
    }

    /// The trace's id, unless there is none.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let span = self.0.span();
        let context = span.span_context();
        context.is_valid().then(|| context.trace_id().to_string())
    }

    /// Adds what is known of the work, as [`note_in_trace`] does to the present span.
    pub fn note<const N: usize>(&self, attributes: impl FnOnce() -> [(&'static str, Value); N]) {
        note(&self.0, attributes);
    }

    /// Says that the work failed, for this reason.
    pub fn failed(&self, reason: &'static str) {
        self.0.span().set_status(Status::error(reason));
    }
}

impl Drop for TraceSpan {
    fn drop(&mut self) {
        // Also when a clone of the context lives on in a task. A span of which only the id came
        // with a request ignores this.
        if traces_are_recorded() {
            self.0.span().end();
        }
    }
}

/// Whether spans go to a collector, for code that can't afford to make one for nobody.
#[must_use]
pub fn traces_are_recorded() -> bool {
    RECORDED.load(Ordering::Relaxed)
}

/// Adds to the span that the present work belongs to. `attributes` is not called when no spans are
/// recorded. Values must be free of whatever may not be logged.
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

/// The headers by which another server continues the present trace.
#[must_use]
pub fn trace_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&Context::current(), &mut HeaderInjector(&mut headers));
    });
    headers
}
