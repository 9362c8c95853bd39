{{/*
The containers that deliver Envoy's files. kubelet delivers routes to these pods and policies to
those of the authz server up to 90 s apart. Envoy therefore reads a copy of the ConfigMap, which
changes once every authz server has the policies of the new routes in force.

Rejected:
- An ordinary container beside Envoy's. It would end as soon as the pod terminates, and a pod that
  lacks a container is not ready: kube-proxy would send it no more requests, although Envoy serves
  while it drains. A Kubernetes sidecar container ends after Envoy.
- A Helm hook that waits for the policies before the routes change. It needs permissions at the API
  server. `kubectl apply` runs no Helm hooks, and Argo CD runs only some.
*/}}
{{- define "portcullis.routes.containers" -}}
# A new pod serves no routes whose policies have not arrived yet. After two minutes it starts all
# the same, because the authz server may be unavailable for longer.
- name: first-routes
  command: {{ include "portcullis.routes.command" (list . "--once" "--at-most=120s") }}
  {{- include "portcullis.routes.container" . | nindent 2 }}
- name: routes
  restartPolicy: Always
  command: {{ include "portcullis.routes.command" (list .) }}
  {{- include "portcullis.routes.container" . | nindent 2 }}
{{- end -}}

{{/* The command of both containers: list CONTEXT MORE-ARGUMENTS.. */}}
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

{{/* Their volumes. A ConfigMap has 1 MiB at most, and `config` holds two versions of it during a change. */}}
{{- define "portcullis.routes.volumes" -}}
- {name: config-source, configMap: {name: {{ include "portcullis.fullname" . }}-gateway}}
- {name: config, emptyDir: {medium: Memory, sizeLimit: 4Mi}}
{{- end -}}
