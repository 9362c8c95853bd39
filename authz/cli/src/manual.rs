//! Help texts that `--help` prints around the options.

pub(crate) const PORTCULLIS: &str = "\
Portcullis answers Envoy's external authorization requests. It verifies the token of a request, \
decides by the policy that Envoy's route names, applies the rate limit, and signs an assertion \
for the service behind the gateway. The other commands check, test and explain policies with \
the same code, and lint Envoy's configuration. They need a network only for --in-force-at and \
--check-signature.";

pub(crate) const PORTCULLIS_AFTER: &str = "\
Documents:
  TokenIssuer, RoutePolicy and DenyList documents in YAML define which caller may send which
  request. `portcullis schema` prints their JSON Schema, for editors.

Exit status:
  0    success
  1    check, lint or test found an error, or the server failed, for example at a port in use
  2    no command; prints the usage
  64   settings, policies or input cannot be used; prints every reason";

pub(crate) const SERVE: &str = "\
Examples:
  portcullis serve --policy policies.yaml
  portcullis serve --policy policies/ --key-store /var/lib/portcullis --log-format pretty

Listeners:
  --listen              ext_authz for Envoy, and health (gRPC)
  --keys-listen         GET /.well-known/jwks.json: public keys of assertions
  --operations-listen   GET /livez, /readyz, /metrics
  --admin-listen        GET /status; POST /policies/reload, /keys/refresh, /keys/forget

Signals:
  SIGTERM, SIGINT       report not ready, wait for --drain-delay, close the listeners, and finish
                        the requests in flight within --drain-timeout; a second signal exits at once

Every option can also be set by the environment variable shown with it.";

pub(crate) const CHECK: &str = "\
Examples:
  portcullis check policies.yaml
  portcullis check --format json policies/ | jq -r '.[].problem'
  portcullis check --callers 20000 --rate-limit-memory-mib 64 policies.yaml

Exit status:
  0    no errors
  1    errors; prints all of them";

pub(crate) const LINT: &str = "\
Each finding has a file, a place, a field and a code. The first finding of a code also says what
it lets an attacker do, and what to write instead. docs/lint.md lists all codes, and what lint
does not check.

Examples:
  portcullis lint --envoy envoy/ --policy policies.yaml
  portcullis lint --envoy envoy.yaml --policy policies/ --allow upgrades-enabled --format json

Exit status:
  0    no findings
  1    findings; prints all of them";

pub(crate) const TEST: &str = "\
Cases:
  cases:
    - name: a reader may not write          # a sentence, unique in the file
      policy: tasks                         # the RoutePolicy
      method: POST                          # [default: GET]
      path: /api/tasks                      # [default: /]
      claims: {scp: access_as_user}         # added to those of a valid token; null removes one
      expect: {outcome: deny, status: 403, reason: role_missing}

  Instead of claims, a case can have token (its claims are verified but not its signature, at the
  time `at` or one second after iat), authorization (a whole header), or none of them, for a
  request without a token. An allowed request can expect
  headers: {x-user-roles: Editor, x-user-name: null}, where null is a header that must not reach
  the service from the client.

Examples:
  portcullis test policies.yaml cases.yaml
  portcullis test policies/ cases.yaml --junit report.xml

Exit status:
  0    all cases pass
  1    cases fail; prints every difference
  64   policies or cases cannot be used";

pub(crate) const EXPLAIN: &str = "\
Tokens are read from a file or standard input, because a command line is visible to other users and
in the shell's history. Tokens, names and e-mail addresses are never printed.

Examples:
  portcullis explain --policy policies.yaml --name tasks token.txt
  portcullis explain --policy policies/ --name tasks --check-signature --extra-ca ca.pem < token.txt
  kubectl logs deploy/portcullis | grep 8a7f3c9e | portcullis explain --policy policies.yaml

Exit status:
  0    explained, whether allowed or denied
  64   nothing was explained; prints the reason";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  portcullis completions bash > /etc/bash_completion.d/portcullis
  portcullis completions zsh > \"${fpath[1]}/_portcullis\"";
