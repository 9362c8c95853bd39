{{/* Upstreams whose assertions are HS256, and the Secret in this release's namespace that holds each one's keys, as YAML; nothing if none. */}}
{{- define "portcullis.macKeys" -}}
{{- range include "portcullis.upstreams" . | fromJsonArray }}
{{- if .macSecret }}
{{ .name }}: {{ .macSecret }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Upstreams that verify with the public keys of port 9001, as a JSON array. */}}
{{- define "portcullis.publicKeyUpstreams" -}}
{{- $all := list -}}
{{- range include "portcullis.upstreams" . | fromJsonArray }}{{ if not .macSecret }}{{ $all = append $all . }}{{ end }}{{ end -}}
{{- $all | toJson -}}
{{- end -}}
