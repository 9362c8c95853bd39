{{/* The policy documents as a JSON array. Invalid YAML fails the rendering. */}}
{{- define "portcullis.documents" -}}
{{- $all := list -}}
{{- range $text := regexSplit "(?m)^---\\s*$" (tpl .Values.policies.documents .) -1 -}}
{{- $document := fromYaml $text -}}
{{- if hasKey $document "Error" }}{{ fail (printf "policies.documents: %s" $document.Error) }}{{ end -}}
{{- if $document }}{{ $all = append $all $document }}{{ end -}}
{{- end -}}
{{- $all | toJson -}}
{{- end -}}

{{/* Fails the rendering if values contradict each other; each message names the values. */}}
{{- define "portcullis.contradictions" -}}
{{- $v := .Values -}}
{{- if and $v.policies.documents $v.policies.configMapName }}{{ fail "policies.documents and policies.configMapName are both set; choose one" }}{{ end -}}
{{- if not (or $v.policies.documents $v.policies.configMapName) }}{{ fail "policies.documents is empty: every request would be denied; give TokenIssuer and RoutePolicy documents, or name a ConfigMap in policies.configMapName" }}{{ end -}}
{{- if and (eq $v.gateway.tls.mode "cert-manager") (not (and $v.gateway.tls.certManager.issuerName $v.gateway.tls.certManager.dnsNames)) }}{{ fail "gateway.tls.mode is cert-manager: gateway.tls.certManager.issuerName and dnsNames are needed" }}{{ end -}}
{{- if and $v.gateway.service.nodePort (ne $v.gateway.service.type "NodePort") }}{{ fail (printf "gateway.service.nodePort is set but gateway.service.type is %s" $v.gateway.service.type) }}{{ end -}}
{{- if and $v.gateway.service.loadBalancerSourceRanges (ne $v.gateway.service.type "LoadBalancer") }}{{ fail "gateway.service.loadBalancerSourceRanges has an effect for gateway.service.type LoadBalancer only: other types would admit every client; use networkPolicy.clients" }}{{ end -}}
{{- if and $v.traces.endpoint $v.networkPolicy.enabled (not $v.traces.peers) }}{{ fail "traces.endpoint is set, but the network policies would block spans to it; give its NetworkPolicy peers in traces.peers" }}{{ end -}}
{{- if and $v.authz.rateLimitStore.urlSecretName $v.networkPolicy.enabled (not $v.authz.rateLimitStore.peers) }}{{ fail "authz.rateLimitStore.urlSecretName is set, but the network policies would block the store; give its NetworkPolicy peers in authz.rateLimitStore.peers" }}{{ end -}}
{{- range $name := list "gateway" "authz" }}
{{- $scaling := (index $v $name).autoscaling -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) }}{{ fail (printf "%s.autoscaling: minReplicas %d is more than maxReplicas %d" $name (int $scaling.minReplicas) (int $scaling.maxReplicas)) }}{{ end -}}
{{- end -}}
{{- if lt (int $v.gateway.drainAtMostSeconds) (int $v.gateway.drainAtLeastSeconds) }}{{ fail "gateway.drainAtMostSeconds is less than gateway.drainAtLeastSeconds" }}{{ end -}}
{{- if and $v.authz.extraCA.secretName $v.authz.extraCA.configMapName }}{{ fail "authz.extraCA: secretName and configMapName are both set; choose one" }}{{ end -}}
{{- if and $v.metrics.serviceMonitor.enabled $v.networkPolicy.enabled (not $v.metrics.namespace) }}{{ fail "metrics.serviceMonitor.enabled needs metrics.namespace: the network policies admit no other scraper" }}{{ end -}}
{{- $hsts := $v.gateway.hsts -}}
{{- if and (gt (int $hsts.maxAgeSeconds) 0) (eq $v.gateway.tls.mode "off") (not (int $v.gateway.trustedHops)) }}{{ fail "gateway.hsts.maxAgeSeconds is set with gateway.tls.mode off and gateway.trustedHops 0: RFC 6797 section 7.2 forbids the header without TLS; turn TLS on, or set gateway.trustedHops to the number of your proxies, one of which terminates TLS" }}{{ end -}}
{{- if and $hsts.preload (or (not $hsts.includeSubDomains) (lt (int $hsts.maxAgeSeconds) 31536000)) }}{{ fail "gateway.hsts.preload needs gateway.hsts.includeSubDomains and a maxAgeSeconds of at least 31536000: browsers' preload lists accept no other host" }}{{ end -}}
{{- if and (eq $v.authz.placement "sidecar") $v.authz.autoscaling.enabled }}{{ fail "authz.autoscaling.enabled with authz.placement sidecar: the authz server scales with the gateway; use gateway.autoscaling" }}{{ end -}}
{{- include "portcullis.contradictions.memory" . -}}
{{- include "portcullis.contradictions.tests" . -}}
{{- include "portcullis.contradictions.names" . -}}
{{- include "portcullis.contradictions.upstreams" . -}}
{{- end -}}

{{/*
Fails if the authz server's memory limit is too small. Limits in units other than Mi and Gi are not compared. 96 MiB are for 1,024
connections and the program itself.
*/}}
{{- define "portcullis.contradictions.memory" -}}
{{- $limit := dig "limits" "memory" "" .Values.authz.resources | toString -}}
{{- $mebibytes := 0 -}}
{{- if regexMatch "^[0-9]+Mi$" $limit }}{{ $mebibytes = trimSuffix "Mi" $limit | int }}{{ end -}}
{{- if regexMatch "^[0-9]+Gi$" $limit }}{{ $mebibytes = trimSuffix "Gi" $limit | int | mul 1024 }}{{ end -}}
{{- $needed := add (int .Values.authz.decisionCacheMiB) (int .Values.authz.rateLimitMemoryMiB) 96 -}}
{{- if and $mebibytes (lt (int $mebibytes) (int $needed)) }}{{ fail (printf "authz.resources.limits.memory is %s, but authz.decisionCacheMiB and authz.rateLimitMemoryMiB need %dMi including 96 MiB for the rest of the program: the pod would be killed under load" $limit $needed) }}{{ end -}}
{{- end -}}

{{/* Fails if two test pods of the same name would share a namespace. */}}
{{- define "portcullis.contradictions.tests" -}}
{{- $tests := .Values.tests -}}
{{- if eq $tests.otherNamespace .Release.Namespace }}{{ fail (printf "tests.otherNamespace is %s, the release's own namespace; name another one" $tests.otherNamespace) }}{{ end -}}
{{- if and $tests.hostNetworkNamespace (eq $tests.hostNetworkNamespace $tests.otherNamespace) }}{{ fail (printf "tests.hostNetworkNamespace and tests.otherNamespace are both %s; name two namespaces" $tests.otherNamespace) }}{{ end -}}
{{- end -}}

{{/* Fails for a `.svc` name that pods cannot resolve: musl resolves a name of `ndots` dots as it is, and then in no search domain. */}}
{{- define "portcullis.contradictions.names" -}}
{{- $urls := printf "%s %s" .Values.traces.endpoint (tpl .Values.policies.documents .) -}}
{{- $short := regexFind "://[a-z0-9-]+\\.[a-z0-9-]+\\.svc(:|/|\\s|\"|'|$)" $urls -}}
{{- if and $short (lt (int .Values.pods.ndots) 3) }}{{ fail (printf "%s ends in .svc, which pods cannot resolve with pods.ndots %d; write the full name with .svc.cluster.local, or set pods.ndots to 3" (regexFind "[a-z0-9.-]+" (trimPrefix "://" $short)) (int .Values.pods.ndots)) }}{{ end -}}
{{- end -}}

{{/* Fails for upstreams and routes that contradict each other or the policies. */}}
{{- define "portcullis.contradictions.upstreams" -}}
{{- $names := list -}}
{{- range .Values.upstreams -}}
{{- if has .name (list "authz" "admin" "traces" "no-such-service") }}{{ fail (printf "upstreams: the name %s is taken by a cluster of the gateway; choose another" .name) }}{{ end -}}
{{- if has .name $names }}{{ fail (printf "upstreams: two are named %s; give each its own name" .name) }}{{ end -}}
{{- $names = append $names .name -}}
{{- if hasKey . "macKey" -}}
{{- if and .macKey.create .macKey.secretName }}{{ fail (printf "upstreams: %s: macKey has both create and secretName; choose one" .name) }}{{ end -}}
{{- if not (or .macKey.create .macKey.secretName) }}{{ fail (printf "upstreams: %s: macKey says nothing; write {create: true} or {secretName: ..}, or remove macKey" .name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $policies := dict -}}
{{- range include "portcullis.documents" . | fromJsonArray -}}
{{- if eq (.kind | default "") "RoutePolicy" }}{{ $_ := set $policies .metadata.name . }}{{ end -}}
{{- end -}}
{{- $routes := include "portcullis.allRoutes" . | fromJsonArray -}}
{{- range $i, $route := $routes -}}
{{- if and $.Values.policies.documents (not (hasKey $policies $route.policy)) }}{{ fail (printf "upstreams: %s names the policy %s, which is not in policies.documents" $route.upstream $route.policy) }}{{ end -}}
{{- if le (mul 1000 (int $.Values.gateway.drainAtMostSeconds)) (include "portcullis.milliseconds" $route.timeout | int) }}{{ fail (printf "gateway.drainAtMostSeconds is %d and the route %s may take %s: a leaving gateway would cut requests within their timeout; raise gateway.drainAtMostSeconds or lower the timeout" (int $.Values.gateway.drainAtMostSeconds) $route.name $route.timeout) }}{{ end -}}
{{- if and $route.removedPrefix (not (hasPrefix (printf "%s/" $route.removedPrefix) $route.path)) }}{{ fail (printf "upstreams: %s: removedPrefix %s is not the beginning of the path %s, or leaves nothing of it" $route.upstream $route.removedPrefix $route.path) }}{{ end -}}
{{- range $earlier := slice $routes 0 $i -}}
{{- $under := hasPrefix (printf "%s/" $earlier.path) $route.path -}}
{{- if or (and (eq $earlier.path $route.path) (or (eq $earlier.match $route.match) (eq $earlier.match "below")))
  (and (eq $earlier.match "below") $under)
  (and (eq $earlier.match "child") (eq $route.match "exact") (eq (dir $route.path) $earlier.path)) }}{{ fail (printf "upstreams: the route of %s for %s can never be reached, because that of %s for %s takes its requests; put it first" $route.upstream $route.path $earlier.upstream $earlier.path) }}{{ end -}}
{{- end -}}
{{- with index $policies $route.policy -}}
{{- $bind := dig "spec" "upstream" "assertion" "bind" "request" . -}}
{{- if and (eq $bind "none") (not $.Values.networkPolicy.enabled) }}{{ fail (printf "networkPolicy.enabled is false and the policy %s signs no assertion (bind: none): the service could not tell the authz server from any other caller; enable one of them" $route.policy) }}{{ end -}}
{{- $upstream := dig "spec" "upstream" "name" "" . -}}
{{- if and $upstream (ne $upstream $route.upstream) }}{{ fail (printf "upstreams: %s has the policy %s, whose assertions are for %s; the upstream would deny them" $route.upstream $route.policy $upstream) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
