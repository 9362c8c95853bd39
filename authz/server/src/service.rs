//! The handler as Envoy's authorization service. tonic carries bytes: what the generated service would decode, copy and encode for
//! nothing, the handler reads in place.

use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use futures::future::BoxFuture;
use portcullis_runtime::{TraceFuture, TraceSpan, traces_are_recorded};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Code, Request, Response, Status};
use tower::Service;

use crate::handler::{Handler, Unanswered};

/// Envoy sends a path and three headers; this holds the largest of all.
const LARGEST_CHECK: usize = 128 * 1024;
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// `envoy.service.auth.v3.Authorization`.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationService(pub(crate) Handler);

impl NamedService for AuthorizationService {
    const NAME: &'static str = "envoy.service.auth.v3.Authorization";
}

impl Service<http::Request<Body>> for AuthorizationService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let check = CheckMethod(self.0.clone());
        // Envoy's filter continues the request's trace in its call.
        let span = traces_are_recorded().then(|| TraceSpan::of_request(|| "Check".to_owned(), request.headers()));
        let answer = async move {
            if request.uri().path() != CHECK {
                return Ok(Status::new(Code::Unimplemented, "the only method is Check").into_http());
            }
            Ok(Grpc::new(BytesCodec).max_decoding_message_size(LARGEST_CHECK).unary(check, request).await)
        };
        match span {
            None => Box::pin(answer),
            Some(span) => Box::pin(async move { answer.with_context(span.context()).await }),
        }
    }
}

struct CheckMethod(Handler);

impl UnaryService<Bytes> for CheckMethod {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let handler = self.0.clone();
        Box::pin(async move {
            match handler.answer(request.into_inner()).await {
                Ok(reply) => Ok(Response::new(reply)),
                Err(error @ Unanswered::NotAQuestion) => Err(Status::invalid_argument(error.to_string())),
                Err(error @ Unanswered::Fault(_)) => Err(Status::unavailable(error.to_string())),
            }
        })
    }
}

/// Messages as they are on the wire.
#[derive(Clone, Copy, Debug, Default)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
