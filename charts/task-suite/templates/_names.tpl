{{- define "task-suite.selectorLabels" -}}
app.kubernetes.io/name: task-suite
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "task-suite.labels" -}}
{{ include "task-suite.selectorLabels" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
app.kubernetes.io/part-of: portcullis
helm.sh/chart: task-suite-{{ (index . 0).Chart.Version }}
{{- end -}}

{{/* Pods of a component, as a peer: list CONTEXT COMPONENT. Both selectors are in one peer: two peers would mean "or". */}}
{{- define "task-suite.peer" -}}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ (index . 0).Release.Namespace }}}}
  podSelector: {matchLabels: {{ include "task-suite.selectorLabels" . | fromYaml | toJson }}}
{{- end -}}

{{- define "task-suite.image" -}}
{{- $ctx := index . 0 -}}
{{- include "portcullis.image" (list $ctx.Subcharts.portcullis (dict "repository" (index . 1) "tag" ($ctx.Values.images.tag | default $ctx.Chart.AppVersion) "digest" "") true) -}}
{{- end -}}

{{/* The services as YAML: port, operations port, application id. */}}
{{- define "task-suite.services" -}}
task-api: {port: 8000, operations: 9100, application: {{ .Values.global.entra.applications.taskApi }}}
notification: {port: 8001, operations: 9101, application: {{ .Values.global.entra.applications.notification }}}
audit: {port: 8002, operations: 9102, application: {{ .Values.global.entra.applications.audit }}}
{{- end -}}

{{/* The task API's credential file and the variable that names it, as YAML; empty if AKS's webhook supplies both. */}}
{{- define "task-suite.credential" -}}
{{- if eq .Values.credential "service-account-token" -}}
{variable: AZURE_FEDERATED_TOKEN_FILE, folder: /var/run/secrets/azure/tokens, file: azure-identity-token}
{{- else if eq .Values.credential "client-certificate" -}}
{variable: AZURE_CLIENT_CERTIFICATE_PATH, folder: /etc/task-api, file: client-certificate, secret: {{ .Values.credentialSecretName }}}
{{- else if eq .Values.credential "client-secret" -}}
{variable: AZURE_CLIENT_SECRET_FILE, folder: /etc/task-api, file: client-secret, secret: {{ .Values.credentialSecretName }}}
{{- end -}}
{{- end -}}
