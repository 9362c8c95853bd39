use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use portcullis_policy::{PolicyError, PolicyErrors, PolicySet};
use portcullis_runtime::{
    InvalidSettings, Listener, Process, Registry, http_client, serve_http_to_few, serve_http2,
};
use portcullis_token::{KeyPolicy, KeySources, unix_now};
use tokio::task::JoinSet;
use tonic::server::NamedService;
use tonic::service::Routes as GrpcRoutes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::admin_api::{AdminApi, check_listener, router};
use crate::authorizer::Authorizer;
use crate::handler::Handler;
use crate::key_document;
use crate::key_readiness;
use crate::mac_keys::MacKeyFolder;
use crate::metrics::{Metrics, StateMetrics};
use crate::policy_store::first_policies;
use crate::rate_limit::StoreMetrics;
use crate::reload::{PoliciesInForce, Reload};
use crate::routes::{ReplacedPolicies, RouteSettings, Routes};
use crate::service::AuthorizationService;
use crate::settings::ServeSettings;
use crate::signers::Signers;
use crate::signing_keys::signer;

/// Answers checks until shutdown.
///
/// It reads the policies, then the key files, then binds its ports, and serves nothing before all
/// succeeded. It waits for the keys of issuers only for a while: see `key_readiness`.
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
        check_listener(settings.admin_listen, settings.admin_allow_remote)?;
        let admin = Listener::bind(
            "administration",
            "--admin-listen",
            &settings.admin_listen.into(),
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
        let authorizer = Arc::new(Authorizer::new(
            routes,
            Signers::new(signer, mac_keys),
            limiter,
        ));
        let policies = PoliciesInForce::new(&text);
        state_metrics.observe(Arc::clone(&authorizer), policies.clone());
        let keys_awaited = key_readiness::follow(
            process.clone(),
            Arc::clone(&authorizer),
            settings.issuer_wait,
            starting,
        );
        let admin_state = AdminApi {
            authorizer: Arc::clone(&authorizer),
            policies: policies.clone(),
        };
        let admin_api = serve_http_to_few(&process, admin, router(admin_state));
        let reload = Reload {
            authorizer: Arc::clone(&authorizer),
            path: settings.policy,
            store: settings.policy_store,
            settings: route_settings,
            metrics: metrics.clone(),
            policies,
            removed_policy_grace: settings.removed_policy_grace,
        };
        let mut polling = JoinSet::new();
        polling.spawn(reload.follow(text));
        if let Some(file) = key_file {
            polling.spawn(file.follow(Arc::clone(&authorizer), metrics.clone()));
        }
        if let Some(folder) = mac_key_folder {
            polling.spawn(folder.follow(Arc::clone(&authorizer), metrics.clone()));
        }
        let published = serve_http_to_few(
            &process,
            keys,
            key_document::router(Arc::clone(&authorizer)),
        );
        let answered = async {
            keys_awaited.await;
            answer(
                &process,
                checks,
                Handler {
                    authorizer,
                    metrics,
                },
            )
            .await;
        };
        tokio::join!(published, admin_api, answered);
        polling.abort_all();
        Ok(())
    }
}

/// The routes of the first set, and of the policies that it replaced a short time ago.
fn first_routes(
    policies: &PolicySet,
    settings: &RouteSettings,
    replaced: Option<&Path>,
    grace: Duration,
) -> anyhow::Result<Routes> {
    let routes = Routes::start(policies, settings)?;
    let now = unix_now();
    match replaced.and_then(|file| ReplacedPolicies::read(file, now)) {
        Some(replaced) => routes.keep_replaced(&replaced, policies, settings, (now, grace)),
        None => Ok(routes),
    }
}

/// Policy errors as an error of settings (exit code 64).
///
/// An error in a document begins with its place, which editors and terminals make a link. An error
/// of a whole file begins with the flag.
fn invalid(PolicyErrors(errors): PolicyErrors) -> InvalidSettings {
    let line = |error: &PolicyError| match error.place {
        Some(_) => error.to_string(),
        None => format!("--policy {error}"),
    };
    InvalidSettings(errors.iter().map(line).collect())
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

/// Keeps gRPC health equal to `/readyz`.
///
/// tonic-health starts with "serving" for the empty name, and kubelet requests that name.
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
