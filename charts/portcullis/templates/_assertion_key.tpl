{{/* Helm makes P-256 keys in the form of SEC 1 (121 bytes); the gate reads PKCS#8, which is that behind 29 fixed bytes (RFC 5958, RFC 5915). */}}
{{- define "portcullis.newAssertionKey" -}}
{{- $sec1 := genPrivateKey "ecdsa" | replace "-----BEGIN EC PRIVATE KEY-----" "" | replace "-----END EC PRIVATE KEY-----" "" | replace "\n" "" -}}
-----BEGIN PRIVATE KEY-----
{{ printf "%s%s" (b64dec "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHk=") (b64dec $sec1) | b64enc }}
-----END PRIVATE KEY-----
{{ end -}}
