{{/* Fails the rendering if values contradict each other; each message names the values. */}}
{{- define "task-suite.contradictions" -}}
{{- $v := .Values -}}
{{- $entra := $v.global.entra -}}
{{- if not $entra.tenant }}{{ fail "global.entra.tenant is empty; give the id of the tenant that the applications are registered in" }}{{ end -}}
{{- range $name, $id := $entra.applications }}{{ if not $id }}{{ fail (printf "global.entra.applications.%s is empty; give the application's (client) id" $name) }}{{ end }}{{ end -}}
{{- if $v.devEntra.enabled -}}
{{- if or (contains "microsoftonline" $entra.authority) (contains "partner.microsoftonline" $entra.authority) }}{{ fail (printf "devEntra.enabled with global.entra.authority %s: the imitation of Entra must not run where real tokens are trusted" $entra.authority) }}{{ end -}}
{{- range prepend $entra.guestTenants $entra.tenant }}{{ if not (has . (list "11111111-1111-4111-8111-111111111111" "22222222-2222-4222-8222-222222222222")) }}{{ fail (printf "devEntra.enabled with tenant %s, which is not in its directory: the imitation of Entra must not run beside a real tenant" .) }}{{ end }}{{ end -}}
{{- if and (eq $v.credential "service-account-token") (not $v.devEntra.clusterKeys) }}{{ fail "devEntra.clusterKeys is empty: dev-entra could not verify the task API's token; give --set-file devEntra.clusterKeys=<(kubectl get --raw /openid/v1/jwks), or another credential" }}{{ end -}}
{{- if has $v.credential (list "workload-identity" "client-certificate") }}{{ fail (printf "credential is %s, which only Entra accepts; with devEntra.enabled choose service-account-token" $v.credential) }}{{ end -}}
{{- end -}}
{{- if and (not $v.devEntra.enabled) (has $entra.tenant (list "11111111-1111-4111-8111-111111111111" "22222222-2222-4222-8222-222222222222")) }}{{ fail "global.entra.tenant is one of dev-entra's, and devEntra.enabled is false; give your own tenant, or enable dev-entra" }}{{ end -}}
{{- $secret := has $v.credential (list "client-certificate" "client-secret") -}}
{{- if and $secret (not $v.credentialSecretName) }}{{ fail (printf "credential is %s: name the Secret in credentialSecretName" $v.credential) }}{{ end -}}
{{- if and $v.credentialSecretName (not $secret) }}{{ fail (printf "credentialSecretName is set, and credential %s needs no Secret; choose client-certificate or client-secret, or remove credentialSecretName" $v.credential) }}{{ end -}}
{{- if and (eq $v.database.type "sqlite") $v.database.urlSecretName }}{{ fail "database.urlSecretName is set with database.type sqlite: nothing would use it; choose postgresql" }}{{ end -}}
{{- if and (eq $v.database.type "sqlite") (gt (int $v.services.replicas) 1) }}{{ fail (printf "services.replicas is %d with database.type sqlite: each pod would have its own data; choose postgresql" (int $v.services.replicas)) }}{{ end -}}
{{- range include "portcullis.allRoutes" .Subcharts.portcullis | fromJsonArray -}}
{{- if and (has .upstream (list "task-api" "notification" "audit")) (ge (mul 1000 (int $v.services.requestTimeoutSeconds)) (include "portcullis.milliseconds" .timeout | int)) }}{{ fail (printf "services.requestTimeoutSeconds is %d and the gateway waits %s at the route %s: callers would get the gateway's answer in place of the service's; give the route a longer timeout" (int $v.services.requestTimeoutSeconds) .timeout .name) }}{{ end -}}
{{- end -}}
{{- if eq $v.database.type "postgresql" -}}
{{- if $v.global.onePodEach }}{{ fail "database.type is postgresql and global.onePodEach is true: the gateway could not tell a leaving pod from its successor; set global.onePodEach to false" }}{{ end -}}
{{- if not $v.database.urlSecretName }}{{ fail "database.type is postgresql: name the Secret with the URLs in database.urlSecretName" }}{{ end -}}
{{- if and $v.portcullis.networkPolicy.enabled (not $v.database.peers) }}{{ fail "database.type is postgresql, but the network policies would block it; give its NetworkPolicy peers in database.peers" }}{{ end -}}
{{- end -}}
{{- if and $v.trustGateway (not $v.portcullis.networkPolicy.enabled) -}}
{{- $macSecrets := include "portcullis.macKeys" .Subcharts.portcullis | fromYaml -}}
{{- range $name := keys (include "task-suite.services" . | fromYaml) | sortAlpha }}{{ if not (hasKey $macSecrets $name) }}{{ fail (printf "trustGateway with portcullis.networkPolicy.enabled false: %s would take the keys of assertions over plain HTTP from any pod that answers in place of the authz server; give its entry of portcullis.upstreams a macKey" $name) }}{{ end }}{{ end -}}
{{- end -}}
{{- if and (not $v.portcullis.networkPolicy.enabled) $v.devEntra.enabled }}{{ fail "portcullis.networkPolicy.enabled is false with devEntra.enabled: every pod of the cluster could obtain a token for any identity; enable the network policies or disable dev-entra" }}{{ end -}}
{{- end -}}
