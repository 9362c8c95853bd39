//! What `--help` says beside the options, as manual pages do.

pub(crate) const PORTCULLIS: &str = "\
Portcullis answers Envoy's external authorization requests: it verifies the token of a request, decides by the policy that Envoy's \
route names, limits the rate, and signs what the service behind may believe. The other commands try, explain and check what it would say, \
with the same code and without a network.";

pub(crate) const PORTCULLIS_AFTER: &str = "\
Documents:
  TokenIssuer, RoutePolicy and DenyList documents in YAML say who may do what. `portcullis schema` prints
  their JSON Schema, for editors.

Exit status:
  0    done, and nothing is wrong
  1    something is wrong with what was looked at, or a port cannot be used
  2    no command is given; the usage is printed
  64   settings or documents cannot be used; every reason is printed";

pub(crate) const SERVE: &str = "\
Examples:
  portcullis serve --policy policies.yaml
  portcullis serve --policy /etc/portcullis/policies --key-store /var/lib/portcullis --log-format pretty

Listeners:
  --listen                  Envoy's questions (gRPC ext_authz, and gRPC health)
  --keys-listen             /.well-known/jwks.json: the public keys of assertions
  --operations-listen       /livez, /readyz, /metrics
  --administration-listen   GET /status; POST /policies/reload, /keys/refresh, /keys/forget

Signals:
  SIGTERM, SIGINT           drain: not ready, then no new connections, then leave; a second one leaves at once

Every option can be given as the environment variable that it names.";

pub(crate) const CHECK: &str = "\
Examples:
  portcullis check policies.yaml
  portcullis check --format json policies/ | jq -r '.[].problem'
  portcullis check --callers 20000 --rate-limit-memory-mib 64 policies.yaml

Exit status:
  0    no problems
  1    problems, all of which are printed";

pub(crate) const LINT: &str = "\
Each finding has a file, a place, a field and a code; below the first of a kind stands what it lets an attacker
do, and what to write instead. docs/lint.md has all codes, and what is not looked at.

Examples:
  portcullis lint --envoy envoy/ --policy policies.yaml
  portcullis lint --envoy envoy.yaml --policy policies/ --allow upgrades-enabled --format json

Exit status:
  0    no findings
  1    findings, all of which are printed";

pub(crate) const TEST: &str = "\
Cases:
  cases:
    - name: a reader may not write          # a sentence, different for each case
      policy: tasks                         # the RoutePolicy
      method: POST                          # [default: GET]
      path: /api/tasks                      # [default: /]
      claims: {scp: access_as_user}         # what the token says beside what every good one says; null takes a claim away
      expect: {outcome: deny, status: 403, reason: role_missing}

  Instead of claims: token (judged by its claims, as at `at` or when it was issued), authorization (a whole
  header), or nothing. An allowed request can expect headers: {x-user-roles: Editor, x-user-name: null},
  where null is a header that the service must not get from the client.

Examples:
  portcullis test policies.yaml cases.yaml
  portcullis test policies/ cases.yaml --junit report.xml

Exit status:
  0    every case is as expected
  1    some are not; each difference is printed
  64   policies or cases cannot be used";

pub(crate) const EXPLAIN: &str = "\
Tokens are read from a file or standard input and not from the command line, where other users and the shell's
history see them. They are never printed, nor are names and e-mail addresses.

Examples:
  portcullis explain --policy policies.yaml --name tasks token.txt
  portcullis explain --policy policies.yaml --name tasks --check-signature --extra-ca ca.pem < token.txt
  kubectl logs deploy/portcullis | grep 8a7f3c9e | portcullis explain --policy policies.yaml

Exit status:
  0    explained, whatever the verdict
  64   it could not be";

pub(crate) const CONFORMANCE: &str = "\
It sends some tens of thousands of requests in under a minute, to the gateway alone, over HTTP/1.1 and HTTP/2 without TLS.
In place of the services behind the gateway runs `portcullis conformance-echo`: what counts is what arrives there.
Never run it against a gateway that has real services behind it. docs/conformance.md says what is tried, and how it is judged.

Examples:
  portcullis conformance-echo --listen 127.0.0.1:8000 --records-listen 127.0.0.1:8009
  portcullis conformance --gateway http://127.0.0.1:8080 --echo http://127.0.0.1:8009 \\
      --protected /api/tasks --token-file tasks.token --public /health

Exit status:
  0    no findings
  1    findings
  64   the gateway or the echo cannot be used, or an honest request does not reach the echo";

pub(crate) const CONFORMANCE_ECHO: &str = "\
It answers every request and reads HTTP/1.1 leniently, as the most careless service would.

Examples:
  portcullis conformance-echo --listen 127.0.0.1:8000 --records-listen 127.0.0.1:8009 --handler /orders/{id}
  curl http://127.0.0.1:8009/records

Exit status:
  64   a port is taken, or a handler cannot be used";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  portcullis completions bash > /etc/bash_completion.d/portcullis
  portcullis completions zsh > \"${fpath[1]}/_portcullis\"";
