//! Serves the public keys of assertions to services, which poll them every few seconds.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portcullis_assertion::PublishedKeys;

use crate::authorizer::Authorizer;

/// The route `GET /.well-known/jwks.json`.
pub(crate) fn router(authorizer: Arc<Authorizer>) -> Router {
    let answer = move |headers: HeaderMap| async move {
        document(authorizer.signers().public.published(), &headers)
    };
    Router::new().route("/.well-known/jwks.json", get(answer))
}

/// The response with the keys, or 304 if the client has them.
///
/// A cache may store it, but must revalidate it each time (RFC 9111 §5.2.2.4), so that no cache
/// keeps a removed key.
fn document(keys: &PublishedKeys, headers: &HeaderMap) -> Response {
    let validators = [
        (header::ETAG, &*keys.entity_tag),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    if is_current(headers, &keys.entity_tag) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, "application/jwk-set+json")];
    (validators, content_type, keys.document.to_string()).into_response()
}

/// Whether the client has this representation (RFC 9110 §13.1.2).
///
/// It has if `If-None-Match` is `*` or lists its entity tag, compared weakly.
fn is_current(headers: &HeaderMap, entity_tag: &str) -> bool {
    let lines = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == entity_tag)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
    use portcullis_assertion::Signer;

    use super::document;

    #[test]
    fn document_that_the_client_has_is_not_sent_again() {
        let signer = Signer::generate().unwrap();
        let tag = &*signer.published().entity_tag;
        let other = Signer::generate().unwrap();
        for (condition, status) in [
            (None, StatusCode::OK),
            (Some(tag.to_owned()), StatusCode::NOT_MODIFIED),
            (Some(format!("W/{tag}")), StatusCode::NOT_MODIFIED),
            (Some(format!("\"x\" , {tag}")), StatusCode::NOT_MODIFIED),
            (Some("*".to_owned()), StatusCode::NOT_MODIFIED),
            (
                Some(other.published().entity_tag.to_string()),
                StatusCode::OK,
            ),
            (Some(tag.trim_matches('"').to_owned()), StatusCode::OK),
            (Some(String::new()), StatusCode::OK),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(condition) = &condition {
                headers.insert(
                    header::IF_NONE_MATCH,
                    HeaderValue::from_str(condition).unwrap(),
                );
            }
            let answer = document(signer.published(), &headers);
            assert_eq!(answer.status(), status, "{condition:?}");
            assert_eq!(answer.headers()[header::ETAG], tag);
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache");
        }
    }
}
