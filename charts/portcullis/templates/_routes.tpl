{{/*
The containers that bring Envoy its files. kubelet brings routes to these pods and policies to those
of the authz server up to 90 s apart, so Envoy does not read the ConfigMap itself: it reads a copy,
which changes once every authz server has the policies of the new routes in force.

Rejected:
- A container beside Envoy's. It would end when the pod starts to leave, and a pod that lacks a
  container is not ready: kube-proxy would send it no more requests, although Envoy serves while it
  drains. A sidecar in the sense of Kubernetes ends after Envoy.
- A hook of Helm that waits for the policies before the routes change. It needs rights at the API
  server, and `kubectl apply` and Argo CD in parts would pass it by.
*/}}
{{- define "portcullis.routes.containers" -}}
# A new pod takes no request by routes whose policies are still on their way. After two minutes it
# starts all the same, because the authz server may be away for longer.
- name: first-routes
  command: {{ include "portcullis.routes.command" (list . "--once" "--at-most=120s") }}
  {{- include "portcullis.routes.container" . | nindent 2 }}
- name: routes
  restartPolicy: Always
  command: {{ include "portcullis.routes.command" (list .) }}
  {{- include "portcullis.routes.container" . | nindent 2 }}
{{- end -}}

{{/* list CONTEXT MORE-ARGUMENTS.. */}}
{{- define "portcullis.routes.command" -}}
{{- $authz := printf "--authz=%s" (include "portcullis.authz.operations" (first .)) -}}
{{- $command := list "/probe" "follow" "/etc/envoy-source" "/etc/envoy" "--policies=policies.txt" $authz -}}
{{- concat $command (rest .) | toJson -}}
{{- end -}}

{{- define "portcullis.routes.container" -}}
image: {{ include "portcullis.image" (list . .Values.images.probe true) }}
imagePullPolicy: {{ .Values.images.pullPolicy }}
resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {cpu: 100m, memory: 32Mi}}
{{ include "portcullis.container" . }}
volumeMounts:
  - {name: config-source, mountPath: /etc/envoy-source, readOnly: true}
  - {name: config, mountPath: /etc/envoy}
{{- end -}}

{{/* A ConfigMap has 1 MiB at most, and the volume holds two versions of it while it changes. */}}
{{- define "portcullis.routes.volumes" -}}
- {name: config-source, configMap: {name: {{ include "portcullis.fullname" . }}-gateway}}
- {name: config, emptyDir: {medium: Memory, sizeLimit: 4Mi}}
{{- end -}}
