{{/* The part of the pod spec that every pod shares: list CONTEXT COMPONENT. */}}
{{- define "portcullis.pod" -}}
{{- $ctx := index . 0 -}}
automountServiceAccountToken: false
enableServiceLinks: false
# A name with this many dots is resolved as it is. With Kubernetes' default of 5, each search domain of the cluster would come first.
dnsConfig: {options: [{name: ndots, value: {{ $ctx.Values.pods.ndots | quote }}}]}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $ctx.Values.pods.userId }}
  runAsGroup: {{ $ctx.Values.pods.userId }}
  fsGroup: {{ $ctx.Values.pods.userId }}
  seccompProfile: {type: RuntimeDefault}
{{- with $ctx.Values.images.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $ctx.Values.pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $ctx.Values.pods.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $ctx.Values.pods.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Spreads the pods of one component over nodes and zones: list CONTEXT COMPONENT. */}}
{{- define "portcullis.spread" -}}
topologySpreadConstraints:
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "portcullis.selectorLabels" $ | fromYaml | toJson }}}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}

{{- define "portcullis.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{- define "portcullis.podLabels" -}}
{{ include "portcullis.labels" . }}
{{- with (index . 0).Values.pods.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Size in MiB of the volume with the copy of the probe. images/check ensures that an image of this project has at most 20 MB. */}}
{{- define "portcullis.drainVolumeMiB" -}}
64
{{- end -}}
