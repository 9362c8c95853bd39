//! A unary gRPC method over HTTP/2 ("gRPC over HTTP2", grpc/doc/PROTOCOL-HTTP2.md).

use std::io::Cursor;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::buf::Chain;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tonic::Status;

/// Bytes of a message's prefix: one says whether it is compressed, four have its length.
const PREFIX: usize = 5;
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: &str = "grpc-status";

/// Reads the only message of `body`, of at most `most` bytes.
pub(super) async fn read_message<B>(mut body: B, most: usize) -> Result<Bytes, Status>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut all = BytesMut::new();
    let mut first = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Status::cancelled("the client ended the request"));
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        // Envoy sends one frame, which is not copied. Copying starts with the second one.
        if all.is_empty() && first.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.put(std::mem::take(&mut first));
        }
        if all.len().saturating_add(data.len()) > most.saturating_add(PREFIX) {
            return Err(too_large(most));
        }
        all.put(data);
    }
    let message = if all.is_empty() { first } else { all.freeze() };
    without_prefix(message, most)
}

fn without_prefix(mut message: Bytes, most: usize) -> Result<Bytes, Status> {
    let compressed = message
        .try_get_u8()
        .map_err(|_| Status::invalid_argument("there is no message"))?;
    let length = message
        .try_get_u32()
        .map_err(|_| Status::invalid_argument("the message has no length"))?;
    if compressed != 0 {
        return Err(Status::unimplemented("compressed messages are not read"));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > most {
        return Err(too_large(most));
    }
    if length != message.len() {
        return Err(Status::invalid_argument(
            "the request is not one whole message",
        ));
    }
    Ok(message)
}

fn too_large(most: usize) -> Status {
    Status::out_of_range(format!("the message has more than {most} bytes"))
}

/// The body of a reply.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A message, then the trailers of success.
    Message(Option<Message>),
    /// The trailers of success.
    Trailers,
    /// An answer of tonic.
    Tonic(tonic::body::Body),
}

/// A message after its prefix.
type Message = Chain<Cursor<[u8; PREFIX]>, Bytes>;

impl Reply {
    /// A reply of success with `message`.
    pub(super) fn message(message: Bytes) -> Response<Self> {
        let Ok(length) = u32::try_from(message.len()) else {
            return Self::failed(&Status::internal("the reply is too long for a message"));
        };
        let [a, b, c, d] = length.to_be_bytes();
        let mut response = Response::new(Self::Message(Some(
            Cursor::new([0, a, b, c, d]).chain(message),
        )));
        response.headers_mut().insert(header::CONTENT_TYPE, GRPC);
        response
    }

    /// A reply of failure, in headers only ("Trailers-Only").
    pub(super) fn failed(status: &Status) -> Response<Self> {
        status
            .clone()
            .into_http::<tonic::body::Body>()
            .map(Self::Tonic)
    }

    pub(super) fn of_tonic(body: tonic::body::Body) -> Self {
        Self::Tonic(body)
    }
}

impl Body for Reply {
    type Data = Message;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Message>, Status>>> {
        match self.get_mut() {
            Self::Tonic(body) => Pin::new(body)
                .poll_frame(cx)
                .map_ok(|frame| frame.map_data(bare)),
            reply @ Self::Trailers => {
                *reply = Self::Message(None);
                let mut trailers = HeaderMap::with_capacity(1);
                trailers.insert(STATUS, HeaderValue::from_static("0"));
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Self::Message(None) => Poll::Ready(None),
            reply @ Self::Message(Some(_)) => match std::mem::replace(reply, Self::Trailers) {
                Self::Message(Some(message)) => Poll::Ready(Some(Ok(Frame::data(message)))),
                Self::Message(None) | Self::Trailers | Self::Tonic(_) => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Message(message) => message.is_none(),
            Self::Trailers => false,
            Self::Tonic(body) => body.is_end_stream(),
        }
    }
}

/// `data` of tonic, which has its prefix already.
fn bare(data: Bytes) -> Message {
    let mut no_prefix = Cursor::new([0; PREFIX]);
    no_prefix.set_position(PREFIX as u64);
    no_prefix.chain(data)
}
