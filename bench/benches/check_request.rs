//! Envoy's CheckRequests, with the fields that the authz server skips.

use std::collections::HashMap;

use bytes::Bytes;
use envoy_types::ext_authz::v3::pb::{CheckRequest, HeaderValue};
use envoy_types::pb::envoy::config::core::v3::HeaderMap;
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use prost::Message;

/// The encoded CheckRequest of `GET /api/tasks` with `token`.
pub(crate) fn check_request(token: &str) -> Bytes {
    let header = |key: &str, value: &str| HeaderValue {
        key: key.to_owned(),
        value: String::new(),
        raw_value: value.as_bytes().to_vec(),
    };
    let headers = vec![
        header("authorization", &format!("Bearer {token}")),
        header("x-request-id", "8a7f3c9e-5b0d-4f8b-9a51-0c2a4c1de001"),
    ];
    let http = HttpRequest {
        id: "1234567890".to_owned(),
        method: "GET".to_owned(),
        path: "/api/tasks?page=2".to_owned(),
        host: "gateway.example".to_owned(),
        scheme: "https".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        size: -1,
        header_map: Some(HeaderMap { headers }),
        ..HttpRequest::default()
    };
    let context_extensions = HashMap::from([("policy".to_owned(), "tasks".to_owned())]);
    let request = Some(Request {
        http: Some(http),
        time: None,
    });
    let attributes = Some(AttributeContext {
        request,
        context_extensions,
        ..AttributeContext::default()
    });
    CheckRequest { attributes }.encode_to_vec().into()
}
