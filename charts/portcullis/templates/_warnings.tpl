{{/* Warnings about the values, for NOTES.txt. A parent chart includes them too, because Helm prints only the parent's notes. */}}
{{- define "portcullis.warnings" -}}
{{- if not .Values.networkPolicy.enabled }}
WARNING: networkPolicy.enabled is false. Every pod of the cluster reaches the services behind the gateway, the authz server's own ports, and
Envoy's metrics. Only the assertion or token that each service requires protects it.
{{ end }}
{{- if eq .Values.gateway.tls.mode "off" }}
WARNING: gateway.tls.mode is off. Tokens cross the network in the clear, unless a load balancer of yours in front terminates TLS.
{{ end }}
{{- if and (eq .Values.gateway.tls.mode "secret") (not .Values.gateway.tls.secretName) }}
WARNING: gateway.tls.secretName is empty. This chart created the gateway's certificate, and clients do not trust it unless they are given it.
{{ end }}
{{- if not .Values.images.envoy.digest }}
WARNING: images.envoy.digest is empty. The tag {{ .Values.images.envoy.tag }} can be moved, so a restarted pod may run another image; pin it by its digest.
{{ end }}
{{- if and (eq .Values.authz.placement "deployment") (lt (int .Values.authz.replicas) 2) (not .Values.authz.autoscaling.enabled) }}
WARNING: authz.replicas is 1. While that pod restarts, the gateway answers every request with 503.
{{ end }}
Network policies have an effect only if the cluster's network plugin enforces them. If it does not, `helm test` fails and says so.
{{- end -}}
