{{/* Pods of a component of this release, as a peer: list CONTEXT COMPONENT. Both selectors are in one peer: two peers would mean "or". */}}
{{- define "portcullis.peer" -}}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ (index . 0).Release.Namespace }}}}
  podSelector: {matchLabels: {{ include "portcullis.selectorLabels" . | fromYaml | toJson }}}
{{- end -}}

{{/* Pods of an upstream, as a peer. */}}
{{- define "portcullis.peer.upstream" -}}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .namespace }}}}
  podSelector: {matchLabels: {{ .selector | toJson }}}
{{- end -}}

{{/* Rules that admit the named scraper to a port, and kubelet if it probes the port: list CONTEXT PORT PROBED. */}}
{{- define "portcullis.operationsIngress" -}}
{{- $ctx := index . 0 -}}{{- $port := index . 1 -}}
{{- with $ctx.Values.metrics.namespace }}
- from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . }}}}
      podSelector: {matchLabels: {{ $ctx.Values.metrics.podLabels | toJson }}}
  ports: [{protocol: TCP, port: {{ $port }}}]
{{- end }}
{{- if and (index . 2) $ctx.Values.networkPolicy.nodeCIDRs }}
- from:
    {{- range $ctx.Values.networkPolicy.nodeCIDRs }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports: [{protocol: TCP, port: {{ $port }}}]
{{- end }}
{{- end -}}

{{- define "portcullis.dnsEgress" -}}
- to: {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
  # TCP too: clients repeat a query over it if the answer does not fit into a datagram.
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end -}}

{{- define "portcullis.tracesEgress" -}}
{{- with .Values.traces.endpoint }}
- to: {{- tpl (toYaml $.Values.traces.peers) $ | nindent 4 }}
  ports: [{protocol: TCP, port: {{ splitList ":" . | last }}}]
{{- end }}
{{- end -}}

{{/* Ingress rules of the authz server, except those for the gateway. */}}
{{- define "portcullis.authz.ingress" -}}
{{- with include "portcullis.publicKeyUpstreams" . | fromJsonArray }}
# The public assertion keys. Upstreams with a MAC key need none.
- from:
    {{- range . }}
    {{- include "portcullis.peer.upstream" . | nindent 4 }}
    {{- end }}
  ports: [{protocol: TCP, port: 9001}]
{{- end }}
# `helm test` reads from every replica which policies it has in force.
- from: {{- include "portcullis.peer" (list . "policy-check") | nindent 4 }}
  ports: [{protocol: TCP, port: 9104}]
{{- include "portcullis.operationsIngress" (list . 9104 true) }}
{{- end -}}

{{/* Egress rules of the authz server, except those for DNS and the trace collector. */}}
{{- define "portcullis.authz.egress" -}}
{{- if .Values.networkPolicy.issuers }}
- to: {{- tpl (toYaml .Values.networkPolicy.issuers) . | nindent 4 }}
  ports: [{protocol: TCP, port: {{ .Values.networkPolicy.issuerPort }}}]
{{- end }}
{{- with .Values.authz.rateLimitStore }}
{{- if .urlSecretName }}
- to: {{- tpl (toYaml .peers) $ | nindent 4 }}
  ports: [{protocol: TCP, port: {{ .port }}}]
{{- end }}
{{- end }}
{{- end -}}
