use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use portcullis_policy::{PolicyProblem, PolicyProblems, PolicySet};
use portcullis_runtime::{
    InvalidSettings, Listener, Process, Registry, http_client, serve_http_to_few, serve_http2,
};
use portcullis_token::{KeyPolicy, KeySources, unix_now};
use tokio::task::JoinSet;
use tonic::server::NamedService;
use tonic::service::Routes as GrpcRoutes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::administration::{Administration, check_listener, router};
use crate::command_line::ServeSettings;
use crate::gate::Gate;
use crate::handler::Handler;
use crate::key_document;
use crate::key_readiness;
use crate::mac_keys::MacKeyFolder;
use crate::metrics::Metrics;
use crate::policy_store::first_policies;
use crate::rate_limit::StoreMetrics;
use crate::reload::{PoliciesInForce, Reload};
use crate::routes::{ReplacedPolicies, RouteSettings, Routes};
use crate::service::AuthorizationService;
use crate::signers::Signers;
use crate::signing_keys::signer;
use crate::state_metrics::StateMetrics;

/// Answers checks until shutdown. Policies, key file and ports are tried in this order, and nothing
/// is served before all are good. Issuers are waited for and then served without: see
/// [`key_readiness`].
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
        let (text, policies) =
            first_policies(&settings.policy, settings.policy_store.as_ref()).map_err(invalid)?;
        let (signer, key_file) = signer(settings.assertion_key.as_deref())?;
        let (mac_keys, mac_key_folder) =
            MacKeyFolder::open(settings.assertion_mac_keys.as_deref())?;
        let limiter = settings.rate_limits.limiter(store_metrics)?;
        let http = http_client(&settings.outbound)?;
        let checks = Listener::bind("checks", "--listen", &settings.listen).await?;
        let keys = Listener::bind("keys", "--keys-listen", &settings.keys_listen.into()).await?;
        check_listener(
            settings.administration_listen,
            settings.let_anybody_who_reaches_it_administer,
        )?;
        let administration = Listener::bind(
            "administration",
            "--administration-listen",
            &settings.administration_listen.into(),
        )
        .await?;
        let route_settings = RouteSettings {
            keys: KeySources::new(
                http,
                KeyPolicy {
                    store: settings.key_store.clone(),
                    ..KeyPolicy::default()
                },
            ),
            cache_capacity: settings.decision_cache_mib * 1024 * 1024,
            metrics: metrics.clone(),
        };
        let replaced = settings.replaced_policies.as_deref();
        let routes = first_routes(
            &policies,
            &route_settings,
            replaced,
            settings.removed_policy_grace,
        )?;
        let gate = Arc::new(Gate::new(routes, Signers::new(signer, mac_keys), limiter));
        let policies = PoliciesInForce::new(&text);
        state_metrics.observe(Arc::clone(&gate), policies.clone());
        let keys_awaited = key_readiness::follow(
            process.clone(),
            Arc::clone(&gate),
            settings.issuer_wait,
            starting,
        );
        let administered = Administration {
            gate: Arc::clone(&gate),
            policies: policies.clone(),
        };
        let administered = serve_http_to_few(&process, administration, router(administered));
        let reload = Reload {
            gate: Arc::clone(&gate),
            path: settings.policy,
            store: settings.policy_store,
            settings: route_settings,
            metrics: metrics.clone(),
            policies,
            removed_policy_grace: settings.removed_policy_grace,
        };
        let mut following = JoinSet::new();
        following.spawn(reload.follow(text));
        if let Some(file) = key_file {
            following.spawn(file.follow(Arc::clone(&gate), metrics.clone()));
        }
        if let Some(folder) = mac_key_folder {
            following.spawn(folder.follow(Arc::clone(&gate), metrics.clone()));
        }
        let published = serve_http_to_few(&process, keys, key_document::router(Arc::clone(&gate)));
        let answered = async {
            keys_awaited.await;
            answer(&process, checks, Handler { gate, metrics }).await;
        };
        tokio::join!(published, administered, answered);
        following.abort_all();
        Ok(())
    }
}

/// The routes of the first set, with those of the one that it replaced lately.
fn first_routes(
    policies: &PolicySet,
    settings: &RouteSettings,
    replaced: Option<&Path>,
    grace: Duration,
) -> anyhow::Result<Routes> {
    let (routes, now) = (Routes::start(policies, settings)?, unix_now());
    match replaced.and_then(|file| ReplacedPolicies::read(file, now)) {
        Some(replaced) => routes.keep_replaced(&replaced, policies, settings, (now, grace)),
        None => Ok(routes),
    }
}

/// What is wrong with policies is an error of settings (exit code 64). A problem of a document
/// begins with its place, of which editors and terminals make a link; one of a whole file with the
/// flag.
fn invalid(PolicyProblems(problems): PolicyProblems) -> InvalidSettings {
    let line = |problem: &PolicyProblem| match problem.place {
        Some(_) => problem.to_string(),
        None => format!("--policy {problem}"),
    };
    InvalidSettings(problems.iter().map(line).collect())
}

async fn answer(process: &Process, listener: Listener, handler: Handler) {
    let (health, health_service) = tonic_health::server::health_reporter();
    let following = tokio::spawn(follow_readiness(process.clone(), health));
    let service = AuthorizationService::new(handler, GrpcRoutes::new(health_service));
    serve_http2(
        process,
        listener,
        service_fn(move |request| Arc::clone(&service).answer(request)),
    )
    .await;
    following.abort();
}

/// gRPC health says what `/readyz` says. tonic-health starts with "serving" for the empty name,
/// which is what kubelet asks for.
async fn follow_readiness(process: Process, health: HealthReporter) {
    let mut changes = process.readiness().changes();
    loop {
        let ready = process.readiness().pending().is_empty();
        let status = if ready {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        health.set_service_status("", status).await;
        health
            .set_service_status(<AuthorizationService as NamedService>::NAME, status)
            .await;
        if changes.changed().await.is_err() {
            return;
        }
    }
}
