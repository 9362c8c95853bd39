use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::rejected_field::rejected_field;

/// The parameters of a query, refused as a problem of status 422 that names the parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let rejection = match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => return Ok(Self(query)),
            Err(rejection) => rejection,
        };
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "query_invalid", rejection.body_text());
        // The error type of axum's parser of queries, serde_urlencoded.
        let field = rejected_field::<serde::de::value::Error>(&rejection);
        Err(match field {
            Some(field) => problem.with_field(&field),
            None => problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;
    use http::Request;

    use super::Query;
    use crate::BoundedText;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        limit: u8,
        #[serde(rename = "event")]
        _event: Option<BoundedText<4>>,
    }

    async fn refused(query: &str) -> (u16, String) {
        let (mut parts, ()) = Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        let problem = Query::<Page>::from_request_parts(&mut parts, &()).await.unwrap_err();
        (problem.status(), problem.field().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn a_bad_parameter_is_named_and_a_good_one_passes() {
        for (query, field) in [
            ("limit=x", "limit"),
            ("limit=300", "limit"),
            ("event=abc", "limit"),
            ("limit=1&limit=2", "limit"),
            ("limit=1&colour=red", "colour"),
            ("limit=1&event=", "event"),
            ("limit=1&event=%00", "event"),
        ] {
            assert_eq!(refused(query).await, (422, field.to_owned()), "{query}");
        }
        let (mut parts, ()) = Request::get("/?limit=7").body(()).unwrap().into_parts();
        let Query(page) = Query::<Page>::from_request_parts(&mut parts, &()).await.unwrap();
        assert_eq!(page.limit, 7);
    }
}
