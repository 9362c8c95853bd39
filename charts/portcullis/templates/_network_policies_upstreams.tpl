{{/* The network policies that close upstreams to all pods except the gateway's. */}}
{{- define "portcullis.networkPolicies.upstreams" -}}
{{- range include "portcullis.upstreams" . | fromJsonArray }}
---
# Only the gateway reaches {{ .name }}. Another client needs a NetworkPolicy of its own, which adds to this one.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .service }}
  namespace: {{ .namespace }}
  labels: {{- include "portcullis.labels" (list $ "upstream") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- toYaml .selector | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - from: {{- include "portcullis.peer" (list $ "gateway") | nindent 8 }}
      ports: [{protocol: TCP, port: {{ .port }}}]
    {{- if .metricsPort }}
    {{- include "portcullis.operationsIngress" (list $ .metricsPort false) | nindent 4 }}
    {{- end }}
    {{- if $.Values.networkPolicy.nodeCIDRs }}
    - from:
        {{- range $.Values.networkPolicy.nodeCIDRs }}
        - ipBlock: {cidr: {{ . | quote }}}
        {{- end }}
      ports: [{protocol: TCP, port: {{ .metricsPort | default .port }}}]
    {{- end }}
{{- end }}
{{- end -}}
