{{/* Name of all objects of `helm test`. The hash keeps releases apart, because namespace names are unique in the cluster. */}}
{{- define "portcullis.test.name" -}}
{{ include "portcullis.fullname" . }}-test-{{ printf "%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 10 }}
{{- end -}}

{{/* Annotations of a test hook: WEIGHT. Helm prints the logs, which say why a test failed and what it left out. */}}
{{- define "portcullis.test.hook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-output-log-policy: hook-failed,hook-succeeded
{{- end -}}

{{/* Spec of a pod that makes the attempts: dict "context" CONTEXT "notTried" LIST "node" BOOL. */}}
{{- define "portcullis.test.pod" -}}
{{- $ctx := .context -}}
restartPolicy: Never
{{ include "portcullis.pod" (list $ctx "test") }}
containers:
  - name: probe
    image: {{ include "portcullis.image" (list $ctx $ctx.Values.images.probe true) }}
    imagePullPolicy: {{ $ctx.Values.images.pullPolicy }}
    command: [/probe]
    args:
      {{- include "portcullis.attempts" (list $ctx (.node | default false)) | nindent 6 }}
      {{- range .notTried }}
      - {{ printf "--not-tried=%s" . | quote }}
      {{- end }}
    resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {cpu: 100m, memory: 32Mi}}
    {{- include "portcullis.container" $ctx | nindent 4 }}
{{- end -}}
