{{- /*
`helm uninstall` deletes the network policies at once, and pods drain for tens of seconds after that. Helm therefore creates a copy of each
policy before it deletes the release, waits for the last pod, and deletes the copies. Helm hooks can only create and delete objects, so the
deletion is a hook that creates the same copy again and is deleted when it has succeeded. With `--no-hooks` the policies end before the pods.

Rejected:
- `helm.sh/resource-policy: keep`. Upgrades keep such a policy too, so a policy that the values no longer render would stay in force.
- An owner reference to the Deployment. A template does not know its uid, and Helm deletes the policies by name all the same.
- A finalizer on the policies, or a Job that scales to zero before. Both need permission to change objects, and the installer needs
  permission to grant it.
- A pause of the longest grace period. It is too short for a pod on a node that does not answer, and needlessly long for all others.
*/ -}}

{{/*
The copies: list CONTEXT RENDERED-POLICIES. Policies in other namespaces get none: those namespaces have no pod of the release, and a hook in
a namespace that no longer exists would fail the uninstallation.
*/}}
{{- define "portcullis.termination.policies" -}}
{{- $here := (index . 0).Release.Namespace -}}
{{- $policies := index . 1 -}}
{{- range $event, $deletion := dict "pre-delete" "before-hook-creation" "post-delete" "before-hook-creation,hook-succeeded" }}
{{- range $text := regexSplit "(?m)^---\\s*$" $policies -1 }}
{{- $policy := fromYaml $text }}
{{- if eq $here (dig "metadata" "namespace" "" $policy) }}
{{- with $policy }}
{{- $_ := set .metadata "name" (printf "%s-terminating" .metadata.name) }}
{{- $_ := set .metadata "annotations" (dict "helm.sh/hook" $event "helm.sh/hook-weight" "1" "helm.sh/hook-delete-policy" $deletion) }}
---
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
A pod that the scheduler places once the last pod of the release has gone, draining pods included: all Linux nodes are one domain of this
topology. It needs no permission to read pods.
*/}}
{{- define "portcullis.termination.wait" -}}
{{- $linux := dict "key" "kubernetes.io/os" "operator" "In" "values" (list "linux") -}}
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "portcullis.fullname" . }}-termination
  namespace: {{ .Release.Namespace }}
  labels: {{- include "portcullis.labels" (list . "termination") | nindent 4 }}
  annotations:
    helm.sh/hook: post-delete
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  {{- include "portcullis.pod" (list . "termination") | nindent 2 }}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{{ $linux | toJson }}]}]}
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        - topologyKey: kubernetes.io/os
          labelSelector:
            matchLabels: {app.kubernetes.io/part-of: portcullis, app.kubernetes.io/instance: {{ .Release.Name }}}
            matchExpressions: [{key: app.kubernetes.io/component, operator: NotIn, values: [test, termination, policy-check]}]
  containers:
    - name: probe
      image: {{ include "portcullis.image" (list . .Values.images.probe true) }}
      imagePullPolicy: {{ .Values.images.pullPolicy }}
      command: [/probe, --version]
      resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {cpu: 100m, memory: 32Mi}}
      {{- include "portcullis.container" . | nindent 6 }}
{{- end -}}
