//! Options of HTTP/1.1, HTTP/2 and HTTP/3, downstream and upstream.

use super::{Rule, message};
use crate::commands::lint::code::Code;

message! { HTTP_OPTIONS = "envoy.config.core.v3.HttpProtocolOptions";
    Rule::Harmless =>
        idle_timeout, max_connection_duration, max_connection_duration_jitter, max_headers_count,
        max_response_headers_kb, max_stream_duration, max_requests_per_connection;
    Rule::Checked => headers_with_underscores_action;
}

message! { HTTP1 = "envoy.config.core.v3.Http1ProtocolOptions";
    // The authz server and the service see the same host and the same method.
    Rule::Harmless =>
        allow_absolute_url, accept_http_10, default_host_for_http_10, allow_custom_methods;
    Rule::Harmless =>
        override_stream_error_on_invalid_http_message, send_fully_qualified_url, use_balsa_parser;
    Rule::Extensible => header_key_format, ignore_http_11_upgrade;
    Rule::Named(Code::TrailersPass) => enable_trailers;
    Rule::Named(Code::FramingAmbiguous) => allow_chunked_length;
}

message! { HTTP2 = "envoy.config.core.v3.Http2ProtocolOptions";
    Rule::Harmless =>
        hpack_table_size, max_concurrent_streams, initial_stream_window_size,
        initial_connection_window_size, max_outbound_frames, max_outbound_control_frames,
        max_consecutive_inbound_frames_with_empty_payload, max_inbound_priority_frames_per_stream,
        max_inbound_window_update_frames_per_data_frame_sent,
        stream_error_on_invalid_http_messaging,
        override_stream_error_on_invalid_http_message, custom_settings_parameters,
        connection_keepalive, use_oghttp2_codec, max_metadata_size, enable_huffman_encoding,
        max_header_field_size_kb, disallow_obs_text, stream_reset_burst, stream_reset_rate;
    Rule::Named(Code::UpgradesEnabled) => allow_connect;
    Rule::Named(Code::SettingUnlisted) => allow_metadata;
}

message! { HTTP3 = "envoy.config.core.v3.Http3ProtocolOptions";
    Rule::Harmless =>
        override_stream_error_on_invalid_http_message, disable_qpack,
        disable_connection_flow_control_for_streams, disallow_obs_text;
    Rule::Extensible => quic_protocol_options;
    Rule::Named(Code::UpgradesEnabled) => allow_extended_connect;
    Rule::Named(Code::SettingUnlisted) => allow_metadata;
}
