//! An issuer over TLS whose answers a test sets.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use futures::{StreamExt, stream};
use token_tests::issuer::{Keys, tls};

/// An answer of the issuer.
#[derive(Clone)]
pub(crate) enum Answer {
    Document(String),
    Status(StatusCode, &'static str),
    RedirectTo(String),
    /// 64 KiB, repeated without end.
    EndlessBody,
    /// The first bytes of a document, and then no more.
    StalledBody,
}

pub(crate) struct Server {
    pub origin: String,
    pub certificate: String,
    pub keys: Keys,
    answers: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    metadata: Option<Answer>,
    keys: Option<Answer>,
    requests: Vec<String>,
}

impl Server {
    /// Starts on a free port; it ends with the runtime.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let (config, certificate) = tls::generate();
        let answers = Arc::<Mutex<Script>>::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&answers));
        let server = from_tcp_rustls(listener, RustlsConfig::from_config(config)).unwrap();
        tokio::spawn(server.serve(router.into_make_service()));
        Self {
            origin,
            certificate,
            keys: Keys::generate(),
            answers,
        }
    }

    /// Sets the answers of `/metadata` and of all other paths, and forgets earlier requests.
    pub(crate) fn answers(&self, metadata: Answer, keys: Answer) {
        let mut script = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        script.metadata = Some(metadata);
        script.keys = Some(keys);
        script.requests.clear();
    }

    /// Returns the paths of the requests since `answers`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .requests
            .clone()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, uri: Uri) -> Response {
    let answer = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.requests.push(uri.path().to_owned());
        if uri.path() == "/metadata" {
            script.metadata.clone()
        } else {
            script.keys.clone()
        }
    };
    match answer.unwrap() {
        Answer::Document(text) => Response::new(Body::from(text)),
        Answer::Status(status, text) => with_status(status, Body::from(text)),
        Answer::RedirectTo(place) => {
            let mut response = with_status(StatusCode::FOUND, Body::empty());
            response
                .headers_mut()
                .insert(header::LOCATION, HeaderValue::from_str(&place).unwrap());
            response
        }
        Answer::EndlessBody => {
            let piece = Bytes::from(vec![b' '; 64 * 1024]);
            Response::new(Body::from_stream(
                stream::repeat(piece).map(Ok::<_, Infallible>),
            ))
        }
        Answer::StalledBody => {
            let begin =
                stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"{\"keys\":[")) });
            Response::new(Body::from_stream(begin.chain(stream::pending())))
        }
    }
}

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
