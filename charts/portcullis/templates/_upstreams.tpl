{{/* Upstreams with their defaults, as a JSON array. */}}
{{- define "portcullis.upstreams" -}}
{{- $all := list -}}
{{- range .Values.upstreams -}}
{{- $routes := .routes | default (list (merge (pick . "path" "policy" "match" "removedPrefix" "timeout") (dict "match" "below"))) -}}
{{- $namespace := tpl (.namespace | default "") $ | default $.Release.Namespace -}}
{{- $service := printf "%s-to-%s" (include "portcullis.fullname" $) .name | trunc 63 | trimSuffix "-" -}}
{{- $connect := tpl (.serviceName | default "") $ | default $service -}}
{{- $mac := .macKey | default dict -}}
{{- $macSecret := ternary (printf "%s-mac-%s" (include "portcullis.fullname" $) .name | trunc 253) ($mac.secretName | default "") ($mac.create | default false) -}}
{{- $selector := dict -}}
{{- range $key, $value := .selector }}{{ $_ := set $selector $key (tpl $value $) }}{{ end -}}
{{- $all = append $all (dict "name" .name "namespace" $namespace "selector" $selector "port" (int .port)
  "routes" $routes "service" $service "host" (printf "%s.%s.svc.cluster.local" $service $namespace)
  "address" (printf "%s.%s.svc.cluster.local." $connect $namespace)
  "healthPath" .healthPath "metricsPort" .metricsPort "macSecret" $macSecret "macCreate" ($mac.create | default false) "discovery" (include "portcullis.cluster.discovery" $)) -}}
{{- end -}}
{{- $all | toJson -}}
{{- end -}}

{{/* All routes with their upstreams, in the order in which Envoy matches them, as a JSON array. */}}
{{- define "portcullis.allRoutes" -}}
{{- $all := list -}}
{{- range $upstream := include "portcullis.upstreams" . | fromJsonArray -}}
{{- range $i, $route := $upstream.routes -}}
{{- $defaults := dict "match" "exact" "timeout" "15s" "removedPrefix" ""
  "name" (ternary (printf "%s-%d" $upstream.name $i) $upstream.name (gt (len $upstream.routes) 1)) "upstream" $upstream.name -}}
{{- $all = append $all (merge (dict) $route $defaults) -}}
{{- end -}}
{{- end -}}
{{- $all | toJson -}}
{{- end -}}

{{/* The policies that routes name, each on a line. */}}
{{- define "portcullis.routePolicies" -}}
{{- $names := list -}}
{{- range include "portcullis.allRoutes" . | fromJsonArray }}{{ $names = append $names .policy }}{{ end -}}
{{- $names | uniq | sortAlpha | join "\n" -}}
{{- end -}}

{{/* Milliseconds of a duration such as 15s or 500ms. */}}
{{- define "portcullis.milliseconds" -}}
{{- if hasSuffix "ms" . }}{{ trimSuffix "ms" . }}{{ else }}{{ trimSuffix "s" . | int | mul 1000 }}{{ end -}}
{{- end -}}

{{/*
Envoy's routes of all upstreams. Segments have harmless characters only: no "..", no "%", no ";a=b", which a service may read differently
than Envoy does.
*/}}
{{- define "portcullis.routes" -}}
{{- range include "portcullis.allRoutes" . | fromJsonArray }}
{{- $pattern := .path | replace "." "\\." }}
{{- $seen := .path | trimPrefix .removedPrefix }}
- name: {{ .name }}
  {{- if eq .match "exact" }}
  match: {path: {{ .path }}}
  {{- else if eq .match "child" }}
  match: {safe_regex: {regex: {{ printf "%s/[A-Za-z0-9_-]+" $pattern | quote }}}}
  {{- else }}
  match: {safe_regex: {regex: {{ printf "%s(/[A-Za-z0-9_-]+)*" $pattern | quote }}}}
  {{- end }}
  route:
    cluster: {{ .upstream }}
    {{- /* Envoy uses a new cluster once DNS and its first health check have answered. Until then, the
    route answers 404 as if it did not exist yet either; the default would be 503. */}}
    cluster_not_found_response_code: NOT_FOUND
    timeout: {{ .timeout }}
    {{- if and .removedPrefix (eq .match "exact") }}
    prefix_rewrite: {{ $seen }}
    {{- else if .removedPrefix }}
    regex_rewrite: {pattern: {regex: {{ printf "^%s/" (.removedPrefix | replace "." "\\.") | quote }}}, substitution: /}
    {{- end }}
  typed_per_filter_config:
    envoy.filters.http.ext_authz:
      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
      check_settings: {context_extensions: {policy: {{ .policy }}{{ with .removedPrefix }}, removed_prefix: {{ . }}{{ end }}}}
{{- end }}
{{- end -}}
