{{/* The component in whose pods the authz server runs. */}}
{{- define "portcullis.authz.component" -}}
{{ ternary "gateway" "authz" (eq .Values.authz.placement "sidecar") }}
{{- end -}}

{{/* The socket between Envoy and a sidecar authz server. Only these two mount its emptyDir, and both run as the same user. */}}
{{- define "portcullis.authz.socket" -}}
/run/portcullis/authz.sock
{{- end -}}

{{/* Operations address of the authz server, whose metrics name the policies in force. */}}
{{- define "portcullis.authz.operations" -}}
{{- $sidecar := eq .Values.authz.placement "sidecar" -}}
{{ if $sidecar }}127.0.0.1{{ else }}{{ include "portcullis.authz.host" . }}.{{ end }}:9104
{{- end -}}

{{/* The container of the authz server, the same in a Deployment of its own and beside Envoy. */}}
{{- define "portcullis.authz.container" -}}
{{- $any := include "portcullis.anyAddress" . -}}
{{- $ca := .Values.authz.extraCA -}}
{{- $sidecar := eq .Values.authz.placement "sidecar" -}}
- name: portcullis
  image: {{ include "portcullis.image" (list . .Values.images.portcullis true) }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  {{- if $sidecar }}
  # A Kubernetes sidecar container: Envoy starts after it is ready, and it stops after Envoy has drained.
  restartPolicy: Always
  {{- end }}
  command: [/portcullis]
  args:
    - serve
    - --policy=/etc/portcullis/policies
    {{- if $sidecar }}
    - --listen=unix:{{ include "portcullis.authz.socket" . }}
    {{- else }}
    - --listen={{ $any }}:9000
    {{- end }}
    - --keys-listen={{ $any }}:9001
    - --operations-listen={{ $any }}:9104
    - --assertion-key=/etc/portcullis/assertion-key/key.pem
    {{- if include "portcullis.macKeys" . }}
    - --assertion-mac-keys=/etc/portcullis/mac-keys
    {{- end }}
    - --key-store=/var/lib/portcullis
    - --policy-store=/var/lib/portcullis
    - --replaced-policies=/etc/portcullis/policies/replaced.json
    - --decision-cache-mib={{ .Values.authz.decisionCacheMiB }}
    - --rate-limit-memory-mib={{ .Values.authz.rateLimitMemoryMiB }}
    - --log={{ .Values.authz.log }}
    - --drain-delay={{ ternary 0 .Values.authz.drainSeconds $sidecar }}s
    - --drain-timeout=10s
    {{- if or $ca.secretName $ca.configMapName }}
    - --extra-ca=/etc/portcullis/ca/ca.crt
    {{- end }}
    {{- with .Values.traces.endpoint }}
    - --otlp-endpoint={{ . }}
    {{- end }}
    {{- range .Values.authz.extraArgs }}
    - {{ . | quote }}
    {{- end }}
  {{- with .Values.authz.rateLimitStore.urlSecretName }}
  env:
    - {name: RATE_LIMIT_STORE, valueFrom: {secretKeyRef: {name: {{ . }}, key: url}}}
  {{- end }}
  ports:
    {{- if not $sidecar }}
    - {name: grpc, containerPort: 9000}
    {{- end }}
    - {name: keys, containerPort: 9001}
    # Port names are unique within a pod, and Envoy's container has one called operations.
    - {name: {{ ternary "authz-ops" "operations" $sidecar }}, containerPort: 9104}
  # Not /readyz: keys that are unavailable must not restart the process again and again.
  startupProbe: {httpGet: {path: /livez, port: 9104}, periodSeconds: 1, failureThreshold: 60}
  readinessProbe:
    httpGet: {path: /readyz, port: 9104}
    {{- if include "portcullis.publicKeyUpstreams" . | fromJsonArray }}
    # Services fetch its key before it signs: DNS answers live for five seconds, and services poll every two seconds.
    initialDelaySeconds: 8
    {{- end }}
    periodSeconds: 2
    failureThreshold: 2
  livenessProbe: {httpGet: {path: /livez, port: 9104}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6}
  resources: {{- toYaml .Values.authz.resources | nindent 4 }}
  {{- include "portcullis.container" . | nindent 2 }}
  volumeMounts:
    - {name: policies, mountPath: /etc/portcullis/policies, readOnly: true}
    - {name: assertion-key, mountPath: /etc/portcullis/assertion-key, readOnly: true}
    {{- if include "portcullis.macKeys" . }}
    - {name: mac-keys, mountPath: /etc/portcullis/mac-keys, readOnly: true}
    {{- end }}
    - {name: keys, mountPath: /var/lib/portcullis}
    {{- if or $ca.secretName $ca.configMapName }}
    - {name: ca, mountPath: /etc/portcullis/ca, readOnly: true}
    {{- end }}
    {{- if $sidecar }}
    - {name: authz-socket, mountPath: {{ dir (include "portcullis.authz.socket" .) }}}
    {{- end }}
{{- end -}}

{{/* The volumes of the authz server's container. */}}
{{- define "portcullis.authz.volumes" -}}
{{- $ca := .Values.authz.extraCA -}}
- name: policies
  configMap: {name: {{ include "portcullis.policies.configMap" . }}}
- {name: assertion-key, secret: {secretName: {{ include "portcullis.assertionKey.secretName" . }}, defaultMode: 0440}}
{{- with include "portcullis.macKeys" . | fromYaml }}
# One file for each upstream, named after it.
- name: mac-keys
  projected:
    defaultMode: 0440
    sources:
      {{- range $upstream, $secret := . }}
      - secret: {name: {{ $secret }}, items: [{key: keys, path: {{ $upstream }}}]}
      {{- end }}
{{- end }}
# The issuers' last good keys and the last good policies. They outlive a restart of the container, not the replacement of the pod.
- {name: keys, emptyDir: {sizeLimit: 16Mi}}
{{- with $ca.secretName }}
- {name: ca, secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}], defaultMode: 0440}}
{{- end }}
{{- with $ca.configMapName }}
- {name: ca, configMap: {name: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}}
{{- end }}
{{- if eq .Values.authz.placement "sidecar" }}
- {name: authz-socket, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
{{- end }}
{{- end -}}

{{/*
The replaced policies, for pods that start with the new ones. Gateways keep the previous release's routes until kubelet delivers new ones,
and removed policies still decide for two minutes in pods that saw the change. Without access to the cluster, Helm renders none.
*/}}
{{- define "portcullis.policies.replaced" -}}
{{- with lookup "v1" "ConfigMap" .Release.Namespace (include "portcullis.policies.configMap" .) -}}
{{- $before := index .data "policies.yaml" | default "" -}}
{{- $now := index (include "portcullis.policies.data" $ | fromYaml) "policies.yaml" -}}
{{- if ne $before $now -}}
replaced.json: {{ dict "until" (now | unixEpoch | int64 | add 210) "documents" $before | toJson | quote }}
{{- else if hasKey .data "replaced.json" -}}
replaced.json: {{ index .data "replaced.json" | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The policy documents as ConfigMap data, for the authz server and for the check before a release. */}}
{{- define "portcullis.policies.data" -}}
policies.yaml: |
  {{- tpl .Values.policies.documents . | trim | nindent 2 }}
{{- end -}}
