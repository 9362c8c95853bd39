{{/* All network policies of this chart. `_termination.tpl` also installs copies that outlast them. */}}
{{- define "portcullis.networkPolicies" -}}
{{- $name := include "portcullis.fullname" . -}}
{{- $upstreams := include "portcullis.upstreams" . | fromJsonArray -}}
{{- $sidecar := eq .Values.authz.placement "sidecar" -}}
{{- if .Values.networkPolicy.ownsNamespace -}}
# Denies all ingress and egress of every pod in this namespace that no other policy allows.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-default-deny
  namespace: {{ .Release.Namespace }}
  labels: {{- include "portcullis.labels" (list . "network") | nindent 4 }}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
{{ end -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-gateway
  namespace: {{ .Release.Namespace }}
  labels: {{- include "portcullis.labels" (list . "gateway") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "portcullis.selectorLabels" (list . "gateway") | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: {{- toYaml .Values.networkPolicy.clients | nindent 8 }}
      ports: [{protocol: TCP, port: {{ include "portcullis.gateway.port" . }}}]
    {{- include "portcullis.operationsIngress" (list . 9100 true) | nindent 4 }}
    {{- if $sidecar }}
    {{- include "portcullis.authz.ingress" . | nindent 4 }}
    {{- end }}
  egress:
    {{- if $sidecar }}
    {{- include "portcullis.authz.egress" . | nindent 4 }}
    {{- else }}
    - to: {{- include "portcullis.peer" (list . "authz") | nindent 8 }}
      # 9000 for Checks, 9104 for the metric that names the policies in force.
      ports: [{protocol: TCP, port: 9000}, {protocol: TCP, port: 9104}]
    {{- end }}
    {{- range $upstreams }}
    - to: {{- include "portcullis.peer.upstream" . | nindent 8 }}
      ports: [{protocol: TCP, port: {{ .port }}}]
    {{- end }}
    {{- include "portcullis.tracesEgress" . | nindent 4 }}
    {{- include "portcullis.dnsEgress" . | nindent 4 }}
{{- if not $sidecar }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-authz
  namespace: {{ .Release.Namespace }}
  labels: {{- include "portcullis.labels" (list . "authz") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "portcullis.selectorLabels" (list . "authz") | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: {{- include "portcullis.peer" (list . "gateway") | nindent 8 }}
      ports: [{protocol: TCP, port: 9000}, {protocol: TCP, port: 9104}]
    {{- include "portcullis.authz.ingress" . | nindent 4 }}
  egress:
    {{- include "portcullis.authz.egress" . | nindent 4 }}
    {{- include "portcullis.tracesEgress" . | nindent 4 }}
    {{- include "portcullis.dnsEgress" . | nindent 4 }}
{{- end }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-policy-check
  namespace: {{ .Release.Namespace }}
  labels: {{- include "portcullis.labels" (list . "policy-check") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "portcullis.selectorLabels" (list . "policy-check") | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    - to: {{- include "portcullis.peer" (list . (include "portcullis.authz.component" .)) | nindent 8 }}
      ports: [{protocol: TCP, port: 9104}]
    {{- include "portcullis.dnsEgress" . | nindent 4 }}
---
# Test pods may send anywhere, so that only the policy of their target can stop them.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "portcullis.fullname" . }}-test-egress
  namespace: {{ .Release.Namespace }}
  labels: {{- include "portcullis.labels" (list . "test") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "portcullis.selectorLabels" (list . "test") | nindent 6 }}
  policyTypes: [Egress]
  egress: [{}]
{{- include "portcullis.networkPolicies.upstreams" . }}
{{- end -}}
