//! Access logs. `logs` checks what they write.

use super::{Extensions, Rule, message};

message! { ACCESS_LOG = "envoy.config.accesslog.v3.AccessLog";
    Rule::Harmless => name;
    Rule::Extensible => filter;
    Rule::Any(&ACCESS_LOGGERS) => typed_config;
}

/// Loggers that write or send log entries.
static ACCESS_LOGGERS: Extensions = Extensions {
    whole: &[
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "envoy.extensions.access_loggers.fluentd.v3.FluentdAccessLogConfig",
        "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
        "envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig",
        "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        "envoy.extensions.access_loggers.stats.v3.Config",
        "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    ],
    ..Extensions::NONE
};
