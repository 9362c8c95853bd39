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
        struct Case {
            name: &'static str,
            condition: Option<String>,
            status: StatusCode,
        }
        let signer = Signer::generate().unwrap();
        let tag = &*signer.published().entity_tag;
        let other = Signer::generate().unwrap();
        for Case {
            name,
            condition,
            status,
        } in [
            Case {
                name: "no condition",
                condition: None,
                status: StatusCode::OK,
            },
            Case {
                name: "the tag",
                condition: Some(tag.to_owned()),
                status: StatusCode::NOT_MODIFIED,
            },
            Case {
                name: "the tag, as a weak one",
                condition: Some(format!("W/{tag}")),
                status: StatusCode::NOT_MODIFIED,
            },
            Case {
                name: "the tag behind another",
                condition: Some(format!("\"x\" , {tag}")),
                status: StatusCode::NOT_MODIFIED,
            },
            Case {
                name: "any tag",
                condition: Some("*".to_owned()),
                status: StatusCode::NOT_MODIFIED,
            },
            Case {
                name: "the tag of another key",
                condition: Some(other.published().entity_tag.to_string()),
                status: StatusCode::OK,
            },
            Case {
                name: "the tag without quotes",
                condition: Some(tag.trim_matches('"').to_owned()),
                status: StatusCode::OK,
            },
            Case {
                name: "an empty condition",
                condition: Some(String::new()),
                status: StatusCode::OK,
            },
        ] {
            let mut headers = HeaderMap::new();
            if let Some(condition) = &condition {
                headers.insert(
                    header::IF_NONE_MATCH,
                    HeaderValue::from_str(condition).unwrap(),
                );
            }
            let answer = document(signer.published(), &headers);
            assert_eq!(answer.status(), status, "{name}: {condition:?}");
            assert_eq!(answer.headers()[header::ETAG], tag);
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache");
        }
    }
}
