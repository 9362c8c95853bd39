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
/// `private` opens to nobody without a token that nobody here can sign, `public` to everybody who
/// reads.
const POLICIES: &str = "
apiVersion: portcullis.dev/v1alpha1
kind: TokenIssuer
metadata: {name: issuer}
spec:
  oidc:
    issuer: https://issuer.example
    algorithms: [ES256]
    jwks: {keys: [{kty: EC, crv: P-256, kid: k, x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0}]}
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

/// Envoy's question, as bytes: an answer is a whole message; only a request to read what is public
/// is let through, and what a reader by the generated types makes of the question is what it was
/// judged by.
pub fn check_request(question: &[u8]) {
    let (handler, runtime) = handler();
    let _in_runtime = runtime.enter();
    // It waits only for keys, which a token with an unknown one asks for.
    let answer = handler.answer_at(Bytes::copy_from_slice(question), NOW);
    let Some(answer) = answer.now_or_never() else {
        return;
    };
    let Ok(answer) = answer else { return };
    let response = CheckResponse::decode(answer).unwrap();
    if let Some(HttpResponse::OkResponse(_)) = response.http_response {
        // The generated types refuse text that is not UTF-8 in fields that decide nothing.
        let Ok(question) = CheckRequest::decode(question) else {
            return;
        };
        let attributes = question.attributes.unwrap();
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
