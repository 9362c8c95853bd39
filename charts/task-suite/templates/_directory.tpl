{{/* dev-entra's directory. With service account tokens it has no secret of the task API, so that the cluster holds none. */}}
{{- define "task-suite.directory" -}}
{{- $directory := .Files.Get "files/directory.yaml" | fromYaml -}}
{{- if eq .Values.credential "service-account-token" -}}
{{- $credential := dict "name" "cluster" "issuer" .Values.devEntra.clusterIssuer "subject" (printf "system:serviceaccount:%s:task-api" .Release.Namespace)
  "keysFile" "/etc/dev-entra/directory/cluster-keys.json" -}}
{{- $application := index $directory.applications "task-api" -}}
{{- $_ := unset $application "secrets" -}}
{{- $_ := set $application "federatedCredentials" (list $credential) -}}
{{- end -}}
{{- toYaml $directory -}}
{{- end -}}
