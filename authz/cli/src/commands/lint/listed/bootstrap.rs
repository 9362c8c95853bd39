//! The bootstrap configuration, and the wrapper of resources in a file.

use super::access_logs::ACCESS_LOG;
use super::tls::SECRET;
use super::{Extensions, Rule, message};
use crate::commands::lint::code::Code;

message! { BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";
    Rule::Harmless =>
        node, node_context_params, flags_path, deferred_stat_options, stats_flush_interval,
        stats_flush_on_admin, stats_eviction_interval, enable_dispatcher_stats,
        stats_server_version_override, use_tcp_for_dns_lookups, dns_resolution_config,
        default_socket_interface, inline_headers, perf_tracing_file_path,
        application_log_config, grpc_async_client_manager_config, memory_allocator_manager,
        enable_worker_cpu_affinity;
    // Limits, statistics, and channels to control planes. There is a finding where a resource from
    // a control plane is used.
    Rule::Extensible =>
        cluster_manager, hds_config, stats_sinks, stats_config, watchdog, watchdogs, tracing,
        overload_manager, typed_dns_resolver_config, fatal_actions, config_sources,
        default_config_source, certificate_provider_instances, xds_delegate_extension,
        xds_config_tracker_extension, listener_manager;
    Rule::Inside(&STATIC_RESOURCES) => static_resources;
    Rule::Inside(&DYNAMIC_RESOURCES) => dynamic_resources;
    Rule::Inside(&LAYERED_RUNTIME) => layered_runtime;
    Rule::Inside(&ADMIN) => admin;
    Rule::Typed(&BOOTSTRAP_EXTENSIONS) => bootstrap_extensions;
    Rule::Typed(&REGEX_ENGINES) => default_regex_engine;
    // Replaces the prefix `x-envoy-`, so that a removal of `x-envoy-` removes nothing.
    Rule::Named(Code::InstructionsNotRemoved) => header_prefix;
}

static BOOTSTRAP_EXTENSIONS: Extensions = Extensions {
    whole: &["envoy.extensions.bootstrap.internal_listener.v3.InternalListener"],
    ..Extensions::NONE
};

static REGEX_ENGINES: Extensions = Extensions {
    whole: &["envoy.extensions.regex_engines.v3.GoogleRE2"],
    ..Extensions::NONE
};

message! { STATIC_RESOURCES = "envoy.config.bootstrap.v3.Bootstrap.StaticResources";
    Rule::Checked => listeners, clusters;
    Rule::Inside(&SECRET) => secrets;
}

message! { DYNAMIC_RESOURCES = "envoy.config.bootstrap.v3.Bootstrap.DynamicResources";
    Rule::Extensible => ads_config;
    Rule::Inside(&CONFIG_SOURCE) => lds_config, cds_config;
    Rule::Named(Code::ConfiguredElsewhere) => lds_resources_locator, cds_resources_locator;
}

message! { CONFIG_SOURCE = "envoy.config.core.v3.ConfigSource";
    Rule::Harmless =>
        authorities, path, path_config_source, initial_fetch_timeout, resource_api_version;
    Rule::Named(Code::ConfiguredElsewhere) => api_config_source, ads, self;
}

message! { LAYERED_RUNTIME = "envoy.config.bootstrap.v3.LayeredRuntime";
    Rule::Inside(&RUNTIME_LAYER) => layers;
}

message! { RUNTIME_LAYER = "envoy.config.bootstrap.v3.RuntimeLayer";
    Rule::Harmless => name;
    // The admin interface can change settings; its address is checked.
    Rule::Harmless => admin_layer;
    Rule::Checked => static_layer;
    Rule::Named(Code::RuntimeOverridden) => disk_layer, rtds_layer;
}

message! { ADMIN = "envoy.config.bootstrap.v3.Admin";
    Rule::Harmless => access_log_path, profile_path, socket_options, ignore_global_conn_limit;
    Rule::Extensible => allow_paths;
    Rule::Checked => address;
    Rule::Inside(&ACCESS_LOG) => access_log;
}

message! { DISCOVERY_RESPONSE = "envoy.service.discovery.v3.DiscoveryResponse";
    Rule::Harmless => version_info, canary, type_url, nonce, control_plane, resource_errors;
    Rule::Checked => resources;
}
