use std::sync::OnceLock;

use bytes::Bytes;
use envoy_types::ext_authz::v3::pb::{CheckRequest, CheckResponse, HttpResponse};
use futures::FutureExt;
use portcullis_policy::PolicySet;
use portcullis_server::Handler;
use prost::Message;
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};

const NOW: u64 = 1_800_000_000;
/// Policies of the target. `private` needs a token of a key that is not known here; `public` admits
/// every GET.
const POLICIES: &str = "
apiVersion: portcullis.dev/v1alpha1
kind: TokenIssuer
metadata: {name: issuer}
spec:
  oidc:
    issuer: https://issuer.example
    algorithms: [ES256]
    jwks:
      keys:
        - kty: EC
          crv: P-256
          kid: k
          x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU
          y: x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0
---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: private}
spec:
  issuer: issuer
  audiences: [api]
  allow: [{callers: users, scopes: [a]}]
  upstream: {name: u}
---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: public}
spec:
  allow: [{callers: anyone, methods: [GET]}]
  rateLimit: {requests: 3, per: 1h}
  upstream: {name: u}
";

fn handler() -> &'static (Handler, Runtime) {
    static HANDLER: OnceLock<(Handler, Runtime)> = OnceLock::new();
    HANDLER.get_or_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let policies = PolicySet::compile([("policies.yaml", POLICIES)]).unwrap();
        let handler = runtime
            .block_on(Handler::start(&policies, Client::new(), 1024 * 1024))
            .unwrap();
        (handler, runtime)
    })
}

/// Decides a `CheckRequest` of any bytes.
///
/// The reply is a whole `CheckResponse`. Only a GET with the policy `public` is admitted, as the
/// generated protobuf types read the same bytes.
pub fn check_request(check: &[u8]) {
    let (handler, runtime) = handler();
    let _in_runtime = runtime.enter();
    // The handler waits only for keys, and only if a token has an unknown `kid`.
    let reply = handler.answer_at(Bytes::copy_from_slice(check), NOW);
    let Some(reply) = reply.now_or_never() else {
        return;
    };
    let Ok(reply) = reply else { return };
    let response = CheckResponse::decode(reply).unwrap();
    if let Some(HttpResponse::OkResponse(_)) = response.http_response {
        // The generated types also reject a string that is not UTF-8 in a field that the handler
        // does not read.
        let Ok(check) = CheckRequest::decode(check) else {
            return;
        };
        let attributes = check.attributes.unwrap();
        assert_eq!(
            attributes
                .context_extensions
                .get("policy")
                .map(String::as_str),
            Some("public")
        );
        assert_eq!(attributes.request.unwrap().http.unwrap().method, "GET");
    }
}
