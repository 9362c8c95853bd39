{{/*
Spec of a pod that checks policies: list CONTEXT CONFIGMAP MORE-ARGUMENTS.. An empty CONFIGMAP is the release's own. Its mount path is the
authz server's, because the version of a set of policies depends on the names of its files.
*/}}
{{- define "portcullis.policyCheck.pod" -}}
{{- $ctx := index . 0 -}}
{{- $configMap := $ctx.Values.policies.configMapName | default (index . 1) | default (include "portcullis.policies.configMap" $ctx) -}}
restartPolicy: Never
{{ include "portcullis.pod" (list $ctx "policy-check") }}
containers:
  - name: portcullis
    image: {{ include "portcullis.image" (list $ctx $ctx.Values.images.portcullis true) }}
    imagePullPolicy: {{ $ctx.Values.images.pullPolicy }}
    command: [/portcullis]
    args:
      - check
      - --callers={{ int $ctx.Values.policies.callers }}
      - --rate-limit-memory-mib={{ $ctx.Values.authz.rateLimitMemoryMiB }}
      {{- range rest (rest .) }}
      - {{ . }}
      {{- end }}
      - /etc/portcullis/policies
    resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 500m, memory: 64Mi}}
    {{- include "portcullis.container" $ctx | nindent 4 }}
    volumeMounts: [{name: policies, mountPath: /etc/portcullis/policies, readOnly: true}]
volumes:
  - {name: policies, configMap: {name: {{ $configMap }}}}
{{- end -}}

{{/* Name of the ConfigMap with the policies that the authz server mounts. */}}
{{- define "portcullis.policies.configMap" -}}
{{ .Values.policies.configMapName | default (printf "%s-policies" (include "portcullis.fullname" .)) }}
{{- end -}}

