//! Matches paths with a real axum router, as the services behind the gateway do.

use anyhow::{bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Request, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::StatusCode;
use tower::ServiceExt;

/// A router whose handlers only report their pattern.
#[derive(Clone, Debug)]
pub struct Handlers(Router);

/// The matched pattern, as an extension of the response.
#[derive(Clone, Debug)]
struct Pattern(String);

impl Handlers {
    /// Makes a handler for each pattern, such as `/api/tasks/{id}`.
    ///
    /// # Errors
    ///
    /// Fails for a pattern that axum does not support, and for two patterns that match the same
    /// paths.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Self> {
        let mut router = Router::new();
        let mut shapes = std::collections::HashMap::new();
        for pattern in patterns {
            ensure!(
                pattern.starts_with('/'),
                "'{pattern}' is not a path: it must start with /"
            );
            // The router would panic on these patterns.
            for segment in pattern.split('/') {
                let braces = [segment.matches('{').count(), segment.matches('}').count()];
                let is_parameter =
                    segment.starts_with('{') && segment.ends_with('}') && segment.len() > 2;
                let is_whole = braces == [0, 0] || (braces == [1, 1] && is_parameter);
                ensure!(
                    is_whole,
                    "'{pattern}': a parameter is a whole segment, such as {{id}}"
                );
                let is_old =
                    segment.starts_with(':') || segment.starts_with('*') || segment.contains("{*");
                ensure!(
                    !is_old,
                    "'{pattern}': write a parameter as {{id}}; a rest of a path is not supported"
                );
            }
            let segments = pattern.split('/').map(|segment| {
                if segment.starts_with('{') {
                    "{}"
                } else {
                    segment
                }
            });
            let shape: Vec<&str> = segments.collect();
            if let Some(other) = shapes.insert(shape, pattern) {
                bail!("'{pattern}' and '{other}' match the same paths");
            }
            router = router.route(pattern, any(report_pattern));
        }
        Ok(Self(router))
    }

    /// The pattern that matches `target`, if any.
    pub(super) async fn matching(&self, method: &[u8], target: &[u8]) -> Option<String> {
        // A target that a server rejects reaches no handler.
        let uri = Uri::try_from(target).ok()?;
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(Body::empty())
            .ok()?;
        let response = self
            .0
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
        response
            .extensions()
            .get::<Pattern>()
            .map(|Pattern(pattern)| pattern.clone())
    }
}

async fn report_pattern(pattern: MatchedPath) -> Response {
    let mut response = StatusCode::OK.into_response();
    response
        .extensions_mut()
        .insert(Pattern(pattern.as_str().to_owned()));
    response
}

#[cfg(test)]
mod tests {
    use super::Handlers;

    #[tokio::test]
    async fn handlers_match_as_axum() {
        /// Targets that match this pattern.
        struct Case {
            pattern: Option<&'static str>,
            targets: &'static [&'static str],
        }

        let handlers = Handlers::new(["/audit", "/api/tasks/{id}"]).unwrap();
        for Case { pattern, targets } in [
            Case {
                pattern: Some("/audit"),
                targets: &["/audit", "/audit?a=b", "http://h/audit"],
            },
            Case {
                pattern: Some("/api/tasks/{id}"),
                targets: &["/api/tasks/1", "/api/tasks/..%2f..%2faudit"],
            },
            Case {
                pattern: None,
                targets: &["/Audit", "/audit/", "/api/tasks/1/2", "/audit\u{0}", "*"],
            },
        ] {
            for target in targets {
                let found = handlers.matching(b"GET", target.as_bytes()).await;
                assert_eq!(found.as_deref(), pattern, "{target}");
            }
        }
    }

    #[test]
    fn handlers_reject_unsupported_patterns() {
        for patterns in [
            &["audit"][..],
            &["/a/{b}c"],
            &["/a/:b"],
            &["/a/{b", "/a"],
            &["/a/{b}", "/a/{c}"],
            &["/a/{*b}"],
        ] {
            assert!(
                Handlers::new(patterns.iter().copied()).is_err(),
                "{patterns:?}"
            );
        }
    }
}
