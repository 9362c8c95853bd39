{{/* Upstreams with a MAC key, each with its Secret in this release's namespace, as YAML; empty without such upstreams. */}}
{{- define "portcullis.macKeys" -}}
{{- range include "portcullis.upstreams" . | fromJsonArray }}
{{- if .macSecret }}
{{ .name }}: {{ .macSecret }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Upstreams that verify assertions with the public keys of port 9001, as a JSON array. */}}
{{- define "portcullis.publicKeyUpstreams" -}}
{{- $all := list -}}
{{- range include "portcullis.upstreams" . | fromJsonArray }}{{ if not .macSecret }}{{ $all = append $all . }}{{ end }}{{ end -}}
{{- $all | toJson -}}
{{- end -}}
