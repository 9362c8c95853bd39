use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use portcullis_reason_codes::QUERY_INVALID;
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::rejected_field::RejectedField;

/// Extractor of query parameters.
///
/// It answers an invalid query with a problem of status 422 that names the parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let rejection = match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => return Ok(Self(query)),
            Err(rejection) => rejection,
        };
        // The error type of serde_urlencoded, which axum parses queries with.
        let rejected = RejectedField::of::<serde::de::value::Error>(&rejection);
        let detail = match &rejected {
            Some(rejected) => rejected.detail("the query"),
            None => "the query does not match this operation; see /openapi.json".to_owned(),
        };
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, QUERY_INVALID, detail);
        Err(match rejected.and_then(|rejected| rejected.name) {
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

    async fn problem_of(query: &str) -> (u16, String, String) {
        let (mut parts, ()) = Request::get(format!("/?{query}"))
            .body(())
            .unwrap()
            .into_parts();
        let problem = Query::<Page>::from_request_parts(&mut parts, &())
            .await
            .unwrap_err();
        (
            problem.status(),
            problem.field().unwrap_or_default().to_owned(),
            problem.detail().to_owned(),
        )
    }

    #[tokio::test]
    async fn invalid_parameter_is_named_in_problem() {
        struct Case {
            query: &'static str,
            field: &'static str,
            problem: &'static str,
        }

        for Case {
            query,
            field,
            problem,
        } in [
            Case {
                query: "limit=x",
                field: "limit",
                problem: "takes a whole number",
            },
            Case {
                query: "limit=300",
                field: "limit",
                problem: "takes a smaller number",
            },
            Case {
                query: "event=abc",
                field: "limit",
                problem: "is missing",
            },
            Case {
                query: "limit=1&limit=2",
                field: "limit",
                problem: "is given twice",
            },
            Case {
                query: "limit=1&colour=red",
                field: "colour",
                problem: "is not a field; the fields are: limit, event",
            },
            Case {
                query: "limit=1&event=",
                field: "event",
                problem: "expected 1 to 4 characters, found 0",
            },
            Case {
                query: "limit=1&event=%00",
                field: "event",
                problem: "the character U+0000 cannot be stored",
            },
        ] {
            let expected = (422, field.to_owned(), format!("{field}: {problem}"));
            assert_eq!(problem_of(query).await, expected, "{query}");
        }
        let (mut parts, ()) = Request::get("/?limit=7").body(()).unwrap().into_parts();
        let Query(page) = Query::<Page>::from_request_parts(&mut parts, &())
            .await
            .unwrap();
        assert_eq!(page.limit, 7);
    }
}
