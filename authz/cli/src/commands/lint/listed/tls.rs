//! TLS settings, downstream and upstream.

use super::{Extensions, Rule, message};
use crate::commands::lint::code::Code;

const VERSIONS: &[(&str, u64)] = &[("TLS_AUTO", 0), ("TLSv1_2", 3), ("TLSv1_3", 4)];

message! { DOWNSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
    Rule::Harmless =>
        require_client_certificate, require_sni, session_ticket_keys,
        disable_stateless_session_resumption, disable_stateful_session_resumption, session_timeout,
        ocsp_staple_policy, full_scan_certs_on_sni_mismatch, prefer_client_ciphers;
    Rule::Extensible => session_ticket_keys_sds_secret_config;
    Rule::Inside(&COMMON_TLS) => common_tls_context;
}

message! { QUIC_DOWNSTREAM = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
    Rule::Inside(&DOWNSTREAM_TLS) => downstream_tls_context;
    Rule::Harmless => enable_resumption;
    Rule::Checked => enable_early_data;
}

message! { UPSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
    Rule::Harmless =>
        sni, auto_host_sni, auto_sni_san_validation, max_session_keys, enforce_rsa_key_usage;
    Rule::Inside(&COMMON_TLS) => common_tls_context;
    Rule::Named(Code::TlsWeakened) => allow_renegotiation;
}

message! { COMMON_TLS = "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext";
    Rule::Harmless =>
        tls_certificate_provider_instance, tls_certificate_certificate_provider_instance,
        validation_context_certificate_provider_instance, alpn_protocols;
    Rule::Extensible =>
        tls_certificates, tls_certificate_sds_secret_configs, tls_certificate_certificate_provider,
        validation_context_sds_secret_config, validation_context_certificate_provider;
    Rule::Inside(&TLS_PARAMETERS) => tls_params;
    Rule::Inside(&VALIDATION) => validation_context;
    Rule::Inside(&COMBINED_VALIDATION) => combined_validation_context;
    Rule::Typed(&Extensions::NONE) => custom_tls_certificate_selector, custom_handshaker;
    // Writes the keys of every connection to a file.
    Rule::Named(Code::TlsWeakened) => key_log;
}

message! { TLS_PARAMETERS = "envoy.extensions.transport_sockets.tls.v3.TlsParameters";
    Rule::Harmless => cipher_suites, ecdh_curves, signature_algorithms, compliance_policies;
    Rule::OneOf(VERSIONS, Code::TlsWeakened) =>
        tls_minimum_protocol_version, tls_maximum_protocol_version;
}

message! { COMBINED_VALIDATION =
    "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext";
    Rule::Harmless => validation_context_certificate_provider_instance;
    Rule::Extensible =>
        validation_context_sds_secret_config, validation_context_certificate_provider;
    Rule::Inside(&VALIDATION) => default_validation_context;
}

message! { VALIDATION = "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext";
    Rule::Harmless =>
        trusted_ca, ca_certificate_provider_instance, system_root_certs, watched_directory,
        verify_certificate_spki, verify_certificate_hash, require_signed_certificate_timestamp, crl,
        only_verify_leaf_cert_crl, max_verify_depth, suppress_client_ca_list;
    Rule::Extensible => match_typed_subject_alt_names, match_subject_alt_names;
    Rule::Typed(&Extensions::NONE) => custom_validator_config;
    Rule::Named(Code::TlsWeakened) => allow_expired_certificate;
    Rule::OneOf(&[("VERIFY_TRUST_CHAIN", 0)], Code::TlsWeakened) => trust_chain_verification;
}

message! { SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";
    Rule::Harmless => name, session_ticket_keys, generic_secret;
    Rule::Extensible => tls_certificate;
    Rule::Inside(&VALIDATION) => validation_context;
}
