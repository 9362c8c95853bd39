{{/* What `helm test` tries, as arguments of the probe. The gate must answer, and nothing behind it may be reached. */}}
{{- define "portcullis.attempts" -}}
{{- $name := include "portcullis.fullname" . -}}
{{- $namespace := .Release.Namespace -}}
{{- $gateway := printf "%s-gateway.%s.svc.cluster.local" $name $namespace -}}
- attempts
- --timeout=2s
{{- $open := .Values.tests.open }}
{{- if not $open }}
{{- range $i, $route := include "portcullis.allRoutes" . | fromJsonArray }}{{ if not $i }}{{ $open = printf "%s=401" $route.path }}{{ end }}{{ end }}
{{- end }}
- --answers={{ ternary "http" "https" (eq .Values.gateway.tls.mode "off") }}://{{ $gateway }}:{{ .Values.gateway.service.port }}{{ $open | default "/=404" }}
{{- range $port := list 9000 9001 9104 }}
- --closed={{ include "portcullis.authz.host" $ }}:{{ $port }}
{{- end }}
- --closed={{ $name }}-keys.{{ $namespace }}.svc.cluster.local:9001
- --closed={{ $name }}-gateway-pods.{{ $namespace }}.svc.cluster.local:9100
# Administration.
- --loopback={{ include "portcullis.authz.host" . }}:9002
- --loopback={{ $name }}-gateway-pods.{{ $namespace }}.svc.cluster.local:9901
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
