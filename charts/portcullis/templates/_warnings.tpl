{{/* What whoever installs this should know, and a parent chart says, too, since Helm shows its notes only. */}}
{{- define "portcullis.warnings" -}}
{{- if not .Values.networkPolicy.enabled }}
WARNING: networkPolicy.enabled is false. Every pod of the cluster reaches the services behind the gate, the gate's own ports, and
Envoy's metrics. Only the proof that each service demands is left.
{{ end }}
{{- if eq .Values.gateway.tls.mode "off" }}
WARNING: gateway.tls.mode is off. Tokens cross the network in the clear, unless a load balancer of yours ends TLS in front.
{{ end }}
{{- if and (eq .Values.gateway.tls.mode "secret") (not .Values.gateway.tls.secretName) }}
WARNING: gateway.tls.secretName is empty. The gateway's certificate was made by this chart, and no client trusts it that was not given it.
{{ end }}
{{- if not .Values.images.envoy.digest }}
WARNING: images.envoy.digest is empty. The tag {{ .Values.images.envoy.tag }} is whatever its registry says that it is, today and at the next restart.
{{ end }}
{{- if and (eq .Values.authz.placement "deployment") (lt (int .Values.authz.replicas) 2) (not .Values.authz.autoscaling.enabled) }}
WARNING: authz.replicas is 1. While it restarts, every request is answered 503.
{{ end }}
Network policies count only where the cluster's network plugin enforces them. `helm test` fails, and says so, where it does not.
{{- end -}}
