{{- define "portcullis.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains "portcullis" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-portcullis" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select pods: list CONTEXT COMPONENT. */}}
{{- define "portcullis.selectorLabels" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of an object: list CONTEXT COMPONENT. */}}
{{- define "portcullis.labels" -}}
{{ include "portcullis.selectorLabels" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
app.kubernetes.io/part-of: portcullis
helm.sh/chart: portcullis-{{ (index . 0).Chart.Version }}
{{- end -}}

{{/* Reference of an image: list CONTEXT IMAGE OF-THIS-PROJECT. A digest takes precedence, because a tag can be moved. */}}
{{- define "portcullis.image" -}}
{{- $ctx := index . 0 -}}{{- $image := index . 1 -}}
{{- if and (index . 2) $ctx.Values.images.registry }}{{ trimSuffix "/" $ctx.Values.images.registry }}/{{ end -}}
{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $ctx.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "portcullis.authz.host" -}}
{{ include "portcullis.fullname" . }}-authz.{{ .Release.Namespace }}.svc.cluster.local
{{- end -}}

{{- define "portcullis.gateway.certificate" -}}
{{ .Values.gateway.tls.secretName | default (printf "%s-gateway-%s" (include "portcullis.fullname" .) (ternary "self-signed" "tls" (eq .Values.gateway.tls.mode "secret"))) }}
{{- end -}}

{{- define "portcullis.gateway.port" -}}
{{ if eq .Values.gateway.tls.mode "off" }}8080{{ else }}8443{{ end }}
{{- end -}}

{{/* The address for all interfaces, for flags of the form ADDRESS:PORT. */}}
{{- define "portcullis.anyAddress" -}}
{{ if eq .Values.ipFamilies "DualStack" }}[::]{{ else }}0.0.0.0{{ end }}
{{- end -}}

{{- define "portcullis.serviceFamilies" -}}
ipFamilyPolicy: {{ if eq .Values.ipFamilies "DualStack" }}PreferDualStack{{ else }}SingleStack{{ end }}
{{- end -}}

{{- define "portcullis.assertionKey.secretName" -}}
{{ .Values.authz.assertionKey.secretName | default (printf "%s-assertion-key" (include "portcullis.fullname" .)) }}
{{- end -}}

{{/*
"true" if Helm can read the cluster's Secrets, else empty. `helm template` and tools that call it (Argo CD) cannot: they would render a new
key each time, and an accidental new key denied 262 of 6,000 requests. A list that Helm reads is never empty, even without items.
*/}}
{{- define "portcullis.seesSecrets" -}}
{{ if lookup "v1" "Secret" .Release.Namespace "" }}true{{ end }}
{{- end -}}

{{/* A comment in place of a Secret that is not rendered: list NAME KEYS-OF-IT. */}}
{{- define "portcullis.secretIsNotRendered" -}}
# The Secret {{ index . 0 }} ({{ index . 1 }}) is not rendered: Helm has no access to the cluster here, and each rendering would create another key.
# It must exist in the cluster; docs/kubernetes.md says how to create it.
{{- end -}}
