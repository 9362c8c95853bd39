{{/*
A new assertion key as PEM. Helm creates P-256 keys in SEC 1 form (121 bytes), and the authz server reads PKCS#8, which puts 29 fixed bytes
in front of it (RFC 5958, RFC 5915).
*/}}
{{- define "portcullis.newAssertionKey" -}}
{{- $sec1 := genPrivateKey "ecdsa" | replace "-----BEGIN EC PRIVATE KEY-----" "" | replace "-----END EC PRIVATE KEY-----" "" | replace "\n" "" -}}
-----BEGIN PRIVATE KEY-----
{{ printf "%s%s" (b64dec "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHk=") (b64dec $sec1) | b64enc }}
-----END PRIVATE KEY-----
{{ end -}}
