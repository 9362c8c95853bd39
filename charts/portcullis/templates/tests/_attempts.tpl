{{/* The attempts of `helm test`, as arguments of the probe: list CONTEXT FROM-A-NODE. */}}
{{- define "portcullis.attempts" -}}
{{- $ctx := index . 0 -}}
{{- $gateway := printf "%s-gateway.%s.svc.cluster.local" (include "portcullis.fullname" $ctx) $ctx.Release.Namespace -}}
- attempts
- --timeout=2s
{{- $open := $ctx.Values.tests.open }}
{{- if not $open }}
{{- range $i, $route := include "portcullis.allRoutes" $ctx | fromJsonArray }}{{ if not $i }}{{ $open = printf "%s=401" $route.path }}{{ end }}{{ end }}
{{- end }}
- --answers={{ ternary "http" "https" (eq $ctx.Values.gateway.tls.mode "off") }}://{{ $gateway }}:{{ $ctx.Values.gateway.service.port }}{{ $open | default "/=404" }}
{{- include (ternary "portcullis.attempts.fromNode" "portcullis.attempts.fromPod" (index . 1)) $ctx }}
{{- include "portcullis.attempts.loopback" $ctx }}
{{- end -}}

{{/* Host that resolves to the address of each pod with an authz server. */}}
{{- define "portcullis.attempts.authz" -}}
{{- if eq .Values.authz.placement "deployment" }}{{ include "portcullis.authz.host" . }}{{ else }}{{ include "portcullis.attempts.gatewayPods" . }}{{ end -}}
{{- end -}}

{{/* Host that resolves to the address of each gateway pod. */}}
{{- define "portcullis.attempts.gatewayPods" -}}
{{ include "portcullis.fullname" . }}-gateway-pods.{{ .Release.Namespace }}.svc.cluster.local
{{- end -}}

{{/* Every port behind the gateway must be closed to a pod. */}}
{{- define "portcullis.attempts.fromPod" -}}
{{- $authz := include "portcullis.attempts.authz" . -}}
{{- if eq .Values.authz.placement "deployment" }}
- --closed={{ $authz }}:9000
{{- end }}
{{- range $port := list 9001 9104 }}
- --closed={{ $authz }}:{{ $port }}
{{- end }}
{{- if include "portcullis.publicKeyUpstreams" . | fromJsonArray }}
- --closed={{ include "portcullis.fullname" . }}-keys.{{ .Release.Namespace }}.svc.cluster.local:9001
{{- end }}
- --closed={{ include "portcullis.attempts.gatewayPods" . }}:9100
{{- range include "portcullis.upstreams" . | fromJsonArray }}
{{- $route := index .routes 0 }}
- --closed={{ .host }}:{{ .port }}{{ $route.path | trimPrefix ($route.removedPrefix | default "") }}
{{- if .metricsPort }}
- --closed={{ .host }}:{{ .metricsPort }}
{{- end }}
{{- end }}
{{- range .Values.tests.closed }}
- --closed={{ tpl . $ }}
{{- end }}
{{- end -}}

{{/* No network policy stops a node, so the upstreams themselves must deny requests without an assertion. */}}
{{- define "portcullis.attempts.fromNode" -}}
{{- range include "portcullis.upstreams" . | fromJsonArray }}
{{- $route := index .routes 0 }}
- --denies={{ .host }}:{{ .port }}{{ $route.path | trimPrefix ($route.removedPrefix | default "") }}
{{- end }}
{{- end -}}

{{/* The admin ports listen within their pod only. */}}
{{- define "portcullis.attempts.loopback" }}
- --loopback={{ include "portcullis.attempts.authz" . }}:9002
- --loopback={{ include "portcullis.attempts.gatewayPods" . }}:9901
{{- end -}}
