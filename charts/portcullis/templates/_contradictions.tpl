{{/* Documents as a JSON array; a text that is not YAML ends the rendering. */}}
{{- define "portcullis.documents" -}}
{{- $all := list -}}
{{- range $text := regexSplit "(?m)^---\\s*$" (tpl .Values.policies.documents .) -1 -}}
{{- $document := fromYaml $text -}}
{{- if hasKey $document "Error" }}{{ fail (printf "policies.documents: %s" $document.Error) }}{{ end -}}
{{- if $document }}{{ $all = append $all $document }}{{ end -}}
{{- end -}}
{{- $all | toJson -}}
{{- end -}}

{{/* Ends the rendering where values contradict each other; each message names the values. */}}
{{- define "portcullis.contradictions" -}}
{{- $v := .Values -}}
{{- if and $v.policies.documents $v.policies.configMapName }}{{ fail "policies.documents and policies.configMapName are both set; choose one" }}{{ end -}}
{{- if not (or $v.policies.documents $v.policies.configMapName) }}{{ fail "policies.documents is empty: nobody could be let in; give TokenIssuer and RoutePolicy documents, or name a ConfigMap in policies.configMapName" }}{{ end -}}
{{- if and (eq $v.gateway.tls.mode "cert-manager") (not (and $v.gateway.tls.certManager.issuerName $v.gateway.tls.certManager.dnsNames)) }}{{ fail "gateway.tls.mode is cert-manager: gateway.tls.certManager.issuerName and dnsNames are needed" }}{{ end -}}
{{- if and $v.gateway.service.nodePort (ne $v.gateway.service.type "NodePort") }}{{ fail (printf "gateway.service.nodePort is set but gateway.service.type is %s" $v.gateway.service.type) }}{{ end -}}
{{- if and $v.gateway.service.loadBalancerSourceRanges (ne $v.gateway.service.type "LoadBalancer") }}{{ fail "gateway.service.loadBalancerSourceRanges counts for gateway.service.type LoadBalancer only: elsewhere nobody would be kept out; use networkPolicy.clients" }}{{ end -}}
{{- if and $v.traces.endpoint $v.networkPolicy.enabled (not $v.traces.peers) }}{{ fail "traces.endpoint is set: say in traces.peers where it is, or the network policies keep spans from it" }}{{ end -}}
{{- if and $v.authz.rateLimitStore.urlSecretName $v.networkPolicy.enabled (not $v.authz.rateLimitStore.peers) }}{{ fail "authz.rateLimitStore.urlSecretName is set: say in authz.rateLimitStore.peers where the store is, or the network policies keep the gate from it" }}{{ end -}}
{{- range $name := list "gateway" "authz" }}
{{- $scaling := (index $v $name).autoscaling -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) }}{{ fail (printf "%s.autoscaling: minReplicas %d is more than maxReplicas %d" $name (int $scaling.minReplicas) (int $scaling.maxReplicas)) }}{{ end -}}
{{- end -}}
{{- if lt (int $v.gateway.drainAtMostSeconds) (int $v.gateway.drainAtLeastSeconds) }}{{ fail "gateway.drainAtMostSeconds is less than gateway.drainAtLeastSeconds" }}{{ end -}}
{{- if and $v.authz.extraCA.secretName $v.authz.extraCA.configMapName }}{{ fail "authz.extraCA: secretName and configMapName are both set; choose one" }}{{ end -}}
{{- if and $v.metrics.serviceMonitor.enabled $v.networkPolicy.enabled (not $v.metrics.namespace) }}{{ fail "metrics.serviceMonitor.enabled needs metrics.namespace: the network policies let nobody else scrape" }}{{ end -}}
{{- include "portcullis.contradictions.upstreams" . -}}
{{- end -}}

{{- define "portcullis.contradictions.upstreams" -}}
{{- $names := list -}}
{{- range .Values.upstreams -}}
{{- if has .name (list "authz" "admin" "traces" "no-such-service") }}{{ fail (printf "upstreams: the name %s is taken by the gateway itself; choose another" .name) }}{{ end -}}
{{- if has .name $names }}{{ fail (printf "upstreams: two are named %s" .name) }}{{ end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $policies := dict -}}
{{- range include "portcullis.documents" . | fromJsonArray -}}
{{- if eq (.kind | default "") "RoutePolicy" }}{{ $_ := set $policies .metadata.name . }}{{ end -}}
{{- end -}}
{{- $routes := include "portcullis.allRoutes" . | fromJsonArray -}}
{{- range $i, $route := $routes -}}
{{- if and $.Values.policies.documents (not (hasKey $policies $route.policy)) }}{{ fail (printf "upstreams: %s names the policy %s, which is not in policies.documents" $route.upstream $route.policy) }}{{ end -}}
{{- if le (mul 1000 (int $.Values.gateway.drainAtMostSeconds)) (include "portcullis.milliseconds" $route.timeout | int) }}{{ fail (printf "gateway.drainAtMostSeconds is %d and the route %s may take %s: a leaving gateway would cut requests that are in time" (int $.Values.gateway.drainAtMostSeconds) $route.name $route.timeout) }}{{ end -}}
{{- if and $route.removedPrefix (not (hasPrefix (printf "%s/" $route.removedPrefix) $route.path)) }}{{ fail (printf "upstreams: %s: removedPrefix %s is not the beginning of the path %s, or nothing would be left of it" $route.upstream $route.removedPrefix $route.path) }}{{ end -}}
{{- range $earlier := slice $routes 0 $i -}}
{{- $under := hasPrefix (printf "%s/" $earlier.path) $route.path -}}
{{- if or (and (eq $earlier.path $route.path) (or (eq $earlier.match $route.match) (eq $earlier.match "below")))
  (and (eq $earlier.match "below") $under)
  (and (eq $earlier.match "child") (eq $route.match "exact") (eq (dir $route.path) $earlier.path)) }}{{ fail (printf "upstreams: the route of %s for %s can never be reached, because that of %s for %s takes its requests; put it first" $route.upstream $route.path $earlier.upstream $earlier.path) }}{{ end -}}
{{- end -}}
{{- with index $policies $route.policy -}}
{{- $bind := dig "spec" "upstream" "assertion" "bind" "request" . -}}
{{- if and (eq $bind "none") (not $.Values.networkPolicy.enabled) }}{{ fail (printf "networkPolicy.enabled is false and the policy %s signs no assertion (bind: none): the service behind could not tell the gate from anybody; enable one of them" $route.policy) }}{{ end -}}
{{- $upstream := dig "spec" "upstream" "name" "" . -}}
{{- if and $upstream (ne $upstream $route.upstream) }}{{ fail (printf "upstreams: %s has the policy %s, whose assertions are for %s; they would be refused" $route.upstream $route.policy $upstream) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
