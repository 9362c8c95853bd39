{{- define "task-suite.networkPolicies" -}}
{{- $network := .Values.portcullis.networkPolicy -}}
{{- $portcullis := .Subcharts.portcullis -}}
{{- $authz := include "portcullis.authz.component" $portcullis -}}
{{- $macSecrets := include "portcullis.macKeys" $portcullis | fromYaml -}}
{{- range $name, $service := include "task-suite.services" . | fromYaml }}
---
# Adds to the NetworkPolicy of the chart portcullis, which admits the gateway.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  namespace: {{ $.Release.Namespace }}
  labels: {{- include "task-suite.labels" (list $ $name) | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "task-suite.selectorLabels" (list $ $name) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- if ne $name "task-api" }}
  ingress:
    - from: {{- include "task-suite.peer" (list $ "task-api") | nindent 8 }}
      ports: [{protocol: TCP, port: {{ $service.port }}}]
  {{- end }}
  egress:
    {{- if eq $name "task-api" }}
    - to: {{- include "task-suite.peer" (list $ "notification") | nindent 8 }}
      ports: [{protocol: TCP, port: 8001}]
    - to: {{- include "task-suite.peer" (list $ "audit") | nindent 8 }}
      ports: [{protocol: TCP, port: 8002}]
    {{- end }}
    {{- if and $.Values.trustGateway (not (hasKey $macSecrets $name)) }}
    - to: {{- include "portcullis.peer" (list $portcullis $authz) | nindent 8 }}
      ports: [{protocol: TCP, port: 9001}]
    {{- end }}
    {{- if $network.issuers }}
    - to: {{- tpl (toYaml $network.issuers) $ | nindent 8 }}
      ports: [{protocol: TCP, port: {{ $network.issuerPort }}}]
    {{- end }}
    {{- if eq $.Values.database.type "postgresql" }}
    - to: {{- tpl (toYaml $.Values.database.peers) $ | nindent 8 }}
      ports: [{protocol: TCP, port: {{ $.Values.database.port }}}]
    {{- end }}
    {{- include "portcullis.tracesEgress" $portcullis | nindent 4 }}
    {{- include "portcullis.dnsEgress" $portcullis | nindent 4 }}
{{- end }}
{{- if .Values.devEntra.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: dev-entra
  namespace: {{ .Release.Namespace }}
  labels: {{- include "task-suite.labels" (list . "dev-entra") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "task-suite.selectorLabels" (list . "dev-entra") | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        {{- include "portcullis.peer" (list $portcullis $authz) | nindent 8 }}
        {{- range $name, $service := include "task-suite.services" . | fromYaml }}
        {{- include "task-suite.peer" (list $ $name) | nindent 8 }}
        {{- end }}
      ports: [{protocol: TCP, port: 8443}]
{{- end }}
{{- end -}}
