//! An issuer that answers whatever a test tells it to, over TLS.

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

/// What the issuer does when its keys are asked for.
#[derive(Clone)]
pub(crate) enum Answer {
    Document(String),
    Status(StatusCode, &'static str),
    RedirectTo(String),
    /// 64 KiB, again and again.
    EndlessBody,
    /// The beginning of a document, and then nothing.
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
    asked: Vec<String>,
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

    /// What `/metadata` and everything else answer from now on.
    pub(crate) fn answers(&self, metadata: Answer, keys: Answer) {
        let mut script = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        (script.metadata, script.keys) = (Some(metadata), Some(keys));
        script.asked.clear();
    }

    /// The paths that were asked for since.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .asked
            .clone()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, uri: Uri) -> Response {
    let answer = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.asked.push(uri.path().to_owned());
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
