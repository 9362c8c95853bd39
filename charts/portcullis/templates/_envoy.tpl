{{/* The value of a socket_address on all addresses: list CONTEXT PORT. */}}
{{- define "portcullis.listen" -}}
{{- if eq (index . 0).Values.ipFamilies "DualStack" -}}
{address: "::", ipv4_compat: true, port_value: {{ index . 1 }}}
{{- else -}}
{address: 0.0.0.0, port_value: {{ index . 1 }}}
{{- end -}}
{{- end -}}

{{/* TLS of the filter chain. Envoy watches the certificate, so that a renewed one needs no restart. */}}
{{- define "portcullis.gateway.tls" -}}
{{- if ne .Values.gateway.tls.mode "off" -}}
transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
    common_tls_context:
      alpn_protocols: [h2, http/1.1]
      tls_params: {tls_minimum_protocol_version: TLSv1_2}
      tls_certificate_sds_secret_configs:
        - name: gateway
          sds_config: {path_config_source: {path: ./certificate.yaml, watched_directory: {path: .}}, resource_api_version: V3}
{{- end -}}
{{- end -}}

{{/*
Listener for liveness, readiness and metrics. Envoy's admin port can stop Envoy, so it stays on loopback, and this listener forwards only
three of its pages.
*/}}
{{- define "portcullis.gateway.operations" }}
  - "@type": type.googleapis.com/envoy.config.listener.v3.Listener
    name: operations
    address: {socket_address: {{ include "portcullis.listen" (list . 9100) }}}
    ignore_global_conn_limit: true
    filter_chains:
      - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
              stat_prefix: operations
              normalize_path: true
              merge_slashes: true
              path_with_escaped_slashes_action: REJECT_REQUEST
              use_remote_address: true
              common_http_protocol_options: {headers_with_underscores_action: REJECT_REQUEST, idle_timeout: 60s}
              route_config:
                name: operations
                virtual_hosts:
                  - name: operations
                    domains: ["*"]
                    routes:
                      - match: {path: /ready, headers: &get [{name: ":method", string_match: {exact: GET}}]}
                        route: {cluster: admin, timeout: 1s}
                      # Answers while the main thread runs, ready or not.
                      - match: {path: /livez, headers: *get}
                        route: {cluster: admin, timeout: 1s, prefix_rewrite: /hot_restart_version}
                      - match: {path: /stats/prometheus, headers: *get}
                        route: {cluster: admin, timeout: 10s}
                      - match: {prefix: /}
                        direct_response: {status: 404}
              http_filters:
                - name: envoy.filters.http.router
                  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
{{- end -}}

{{- define "portcullis.corsOrigins" -}}
{{- range $i, $origin := .Values.gateway.corsOrigins }}{{ if $i }}, {{ end }}{exact: {{ $origin | quote }}}{{ end -}}
{{- end -}}

{{/* DNS discovery of each pod's own address, so that Envoy leaves a terminating pod before it closes its connections. */}}
{{- define "portcullis.cluster.discovery" -}}
cluster_type:
  name: envoy.cluster.dns
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster
    dns_lookup_family: {{ if eq .Values.ipFamilies "DualStack" }}ALL{{ else }}V4_ONLY{{ end }}
    dns_refresh_rate: 1s
# A pod that its Service no longer lists gets no more requests, even if it still answers.
ignore_health_on_host_removal: true
# Ejects only pods that cannot be reached, whatever status the others answer.
outlier_detection:
  split_external_local_origin_errors: true
  consecutive_local_origin_failure: 2
  interval: 1s
  base_ejection_time: 2s
  max_ejection_percent: 50
  enforcing_consecutive_5xx: 0
  enforcing_consecutive_gateway_failure: 0
  enforcing_success_rate: 0
  enforcing_local_origin_success_rate: 0
{{- end -}}

{{- define "portcullis.cluster.authz" -}}
{{ if eq .Values.authz.placement "sidecar" }}type: STATIC{{ else }}{{ include "portcullis.cluster.discovery" . }}{{ end }}
{{- end -}}

{{/*
Address at which the authz server answers Checks. The dot at the end makes the name absolute: Envoy resolves it every second, and a search
domain must not answer, even while the Service has no pods. Host and SNI do not come from this name.
*/}}
{{- define "portcullis.authz.address" -}}
{{- if eq .Values.authz.placement "sidecar" -}}
pipe: {path: {{ include "portcullis.authz.socket" . }}}
{{- else -}}
socket_address: {address: {{ include "portcullis.authz.host" . }}., port_value: 9000}
{{- end -}}
{{- end -}}

{{/* The value of strict-transport-security. RFC 6797 §6.1.1 shows a year, for which browsers then refuse this host without TLS. */}}
{{- define "portcullis.hsts" -}}
max-age={{ int .Values.gateway.hsts.maxAgeSeconds }}{{ if .Values.gateway.hsts.includeSubDomains }}; includeSubDomains{{ end }}{{ if .Values.gateway.hsts.preload }}; preload{{ end }}
{{- end -}}

{{/* Discovery and health check of an upstream from `portcullis.upstreams`. */}}
{{- define "portcullis.cluster.upstream" -}}
{{ .discovery }}
{{- with .healthPath }}
health_checks:
  - {timeout: 1s, interval: 1s, no_traffic_interval: 1s, unhealthy_threshold: 2, healthy_threshold: 1, http_health_check: {path: {{ . }}}}
{{- end }}
{{- end -}}

{{- define "portcullis.cluster.admin" }}
  - "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
    name: admin
    type: STATIC
    connect_timeout: 1s
    load_assignment:
      cluster_name: admin
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}}]}]
{{- end -}}
