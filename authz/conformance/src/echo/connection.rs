//! Serves the gateway's connections, with one request at a time on each.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::body::Incoming;
use super::handlers::Handlers;
use super::head::Head;
use super::line::with_canaries;
use super::listener::Bounded;
use super::records::{Record, Records};
use crate::canary::Canary;
use crate::case::CASE_HEADER;
use crate::escape::abridged;

/// Idle timeout. A gateway keeps a connection open for the next request, but not forever.
const IDLE: Duration = Duration::from_mins(5);
/// Maximum bytes of a request line in a record.
const QUOTED: usize = 400;

pub(super) async fn accept(
    listener: TcpListener,
    handlers: Handlers,
    records: Arc<Records>,
) -> std::io::Result<()> {
    let listener = Bounded::new(listener);
    loop {
        let (stream, place) = listener.accept().await?;
        let serving = serve(stream, handlers.clone(), Arc::clone(&records));
        tokio::spawn(async move {
            serving.await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, handlers: Handlers, records: Arc<Records>) {
    let mut incoming = Incoming::new(stream);
    while let Ok(Some(())) = timeout(IDLE, answer_next(&mut incoming, &handlers, &records)).await {}
    let rest = incoming.rest();
    let seen = with_canaries("unfinished head", &rest);
    if !seen.is_empty() {
        records.add(Record {
            request_line: "(unfinished)".to_owned(),
            seen,
            ..Record::default()
        });
    }
}

/// Answers the next request; `None` at the end of the connection.
async fn answer_next(
    incoming: &mut Incoming,
    handlers: &Handlers,
    records: &Records,
) -> Option<()> {
    let bytes = incoming.head().await?;
    let head = Head::parse(&bytes);
    let case = Canary::find(head.value(CASE_HEADER));
    let record = Record {
        request_line: abridged(&head.request_line, QUOTED),
        case: case.map(|case| case.to_string()).unwrap_or_default(),
        handler: handlers.matching(&head.method, &head.target).await,
        seen: with_canaries("head", &bytes),
        ambiguities: head.ambiguities.clone(),
    };
    // Recorded before the body, because the request has arrived even if the body never ends.
    records.add(record.clone());
    if head.value("expect").eq_ignore_ascii_case(b"100-continue") {
        incoming.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let chunks = incoming.body(head.length()).await?;
    let seen = with_canaries("trailer", &chunks.trailers);
    if !seen.is_empty() || !chunks.ambiguities.is_empty() {
        records.add(Record {
            handler: None,
            seen,
            ambiguities: chunks.ambiguities,
            ..record
        });
    }
    // The answer has the request's canary, so that a client can notice another client's answer.
    let named = case.or_else(|| Canary::find(&head.target));
    let body = serde_json::json!({"case": named.map(|named| named.to_string())}).to_string();
    let closes = head.value("connection").eq_ignore_ascii_case(b"close");
    let connection = if closes { "Connection: close\r\n" } else { "" };
    let start = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{connection}\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let body = if head.method == b"HEAD" { "" } else { &body };
    incoming.write(format!("{start}{body}").as_bytes()).await?;
    (!closes).then_some(())
}
