use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use portcullis_policy::PolicyProblems;
use portcullis_runtime::{InvalidSettings, Process, Registry, bind, http_client, serve_http};
use portcullis_token::KeyPolicy;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::administration::{Administration, check_listener, router};
use crate::command_line::ServeSettings;
use crate::gate::Gate;
use crate::handler::Handler;
use crate::metrics::Metrics;
use crate::policy_source::PolicyText;
use crate::rate_limit::StoreMetrics;
use crate::reload::{PoliciesInForce, Reload};
use crate::routes::{RouteSettings, Routes};
use crate::service::AuthorizationService;
use crate::signing_keys::signer;
use crate::state_metrics::StateMetrics;

/// Envoy opens one connection for each of its workers and sends all their questions over it.
const CONCURRENT_CHECKS: u32 = 1024;

/// Answers checks until shutdown. Policies, key file, ports and issuers are tried in this order, and nothing is served before all are good.
pub fn serve(
    settings: ServeSettings,
    process: Process,
    metrics: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let starting = process.pending("policies and signing keys");
    let state_metrics = StateMetrics::register(metrics);
    let store_metrics = StoreMetrics::default();
    store_metrics.register(metrics);
    let metrics = Metrics::register(metrics);
    async move {
        let text = PolicyText::read([settings.policy.as_path()]).map_err(invalid)?;
        let policies = text.compile().map_err(invalid)?;
        let (signer, key_file) = signer(settings.assertion_key.as_deref())?;
        let limiter = settings.rate_limits.limiter(store_metrics)?;
        let http = http_client(&settings.outbound)?;
        let checks = bind("--listen", settings.listen).await?;
        let keys = bind("--keys-listen", settings.keys_listen).await?;
        check_listener(settings.administration_listen, settings.let_anybody_who_reaches_it_administer)?;
        let administration = bind("--administration-listen", settings.administration_listen).await?;
        let route_settings = RouteSettings {
            http,
            keys: KeyPolicy { store: settings.key_store.clone(), ..KeyPolicy::default() },
            cache_capacity: settings.decision_cache_mib * 1024 * 1024,
            issuer_wait: settings.issuer_wait,
            metrics: metrics.clone(),
        };
        let ready = Routes::ready(&policies, &route_settings, None).await;
        let routes = ready.with_context(|| format!("--policy {}", settings.policy.display()))?;
        let gate = Arc::new(Gate::new(routes, signer, limiter));
        let policies = PoliciesInForce::new(&text);
        state_metrics.observe(Arc::clone(&gate), policies.clone());
        drop(starting);
        let administered = Administration { gate: Arc::clone(&gate), policies: policies.clone() };
        let administered = serve_http(&process, administration, router(administered));
        let (path, settings) = (settings.policy, route_settings);
        let reload = Reload { gate: Arc::clone(&gate), path, settings, metrics: metrics.clone(), policies };
        let mut following = JoinSet::new();
        following.spawn(reload.follow(text));
        if let Some(file) = key_file {
            following.spawn(file.follow(Arc::clone(&gate), metrics.clone()));
        }
        let published = serve_http(&process, keys, key_router(Arc::clone(&gate)));
        let served = tokio::try_join!(published, administered, answer(&process, checks, gate, metrics));
        following.abort_all();
        served.map(|_| ())
    }
}

/// What is wrong with policies is an error of settings (exit code 64).
#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` calls")]
fn invalid(problems: PolicyProblems) -> InvalidSettings {
    InvalidSettings(problems.lines().into_iter().map(|line| format!("--policy {line}")).collect())
}

fn key_router(gate: Arc<Gate>) -> Router {
    let document = move || async move { ([(header::CONTENT_TYPE, "application/jwk-set+json")], gate.key_set()) };
    Router::new().route("/.well-known/jwks.json", get(document))
}

async fn answer(process: &Process, listener: TcpListener, gate: Arc<Gate>, metrics: Metrics) -> anyhow::Result<()> {
    let address = listener.local_addr().context("address of a bound listener")?;
    let (health, health_service) = tonic_health::server::health_reporter();
    let following = tokio::spawn(follow_readiness(process.clone(), health));
    let service = AuthorizationService(Handler { gate, metrics });
    let stopping = process.shutdown_token();
    tracing::info!(%address, "answering checks");
    let served = Server::builder()
        .max_concurrent_streams(CONCURRENT_CHECKS)
        .tcp_nodelay(true)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .add_service(health_service)
        .add_service(service)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async move { stopping.cancelled().await })
        .await;
    following.abort();
    served.with_context(|| format!("answering checks on {address}"))
}

/// gRPC health says what `/readyz` says. tonic-health starts with "serving" for the empty name, which is what kubelet asks for.
async fn follow_readiness(process: Process, health: HealthReporter) {
    let mut changes = process.readiness().changes();
    loop {
        let ready = process.readiness().pending().is_empty();
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        health.set_service_status("", status).await;
        health.set_service_status(<AuthorizationService as NamedService>::NAME, status).await;
        if changes.changed().await.is_err() {
            return;
        }
    }
}
