//! Pages of lists: the body is an array, and the `Link` header leads to the next page (RFC 8288).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Uri, header};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema, Type};

/// Maximum number of items on a page: 1 to `MAX`, by default `DEFAULT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageSize<const DEFAULT: u32 = 50, const MAX: u32 = 100>(u32);

impl<const DEFAULT: u32, const MAX: u32> PageSize<DEFAULT, MAX> {
    /// The `LIMIT` of a query: one row more than the page has.
    ///
    /// The extra row tells whether another page follows.
    #[must_use]
    pub fn with_one_more(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl<const DEFAULT: u32, const MAX: u32> Default for PageSize<DEFAULT, MAX> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const DEFAULT: u32, const MAX: u32> TryFrom<u32> for PageSize<DEFAULT, MAX> {
    type Error = String;

    fn try_from(size: u32) -> Result<Self, String> {
        let fits = (1..=MAX).contains(&size);
        if fits {
            Ok(Self(size))
        } else {
            Err(format!("expected 1 to {MAX}, found {size}"))
        }
    }
}

impl<const DEFAULT: u32, const MAX: u32> utoipa::PartialSchema for PageSize<DEFAULT, MAX> {
    fn schema() -> RefOr<Schema> {
        let size = Object::builder()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MAX));
        size.default(Some(DEFAULT.into())).into()
    }
}

impl<const DEFAULT: u32, const MAX: u32> utoipa::ToSchema for PageSize<DEFAULT, MAX> {}

/// One page of a list, with the cursor of the next one.
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T: Serialize> Page<T> {
    /// Makes a page of the first `rows`, which were read with [`PageSize::with_one_more`].
    pub fn beginning<const DEFAULT: u32, const MAX: u32>(
        mut rows: Vec<T>,
        size: PageSize<DEFAULT, MAX>,
        cursor_after: impl Fn(&T) -> String,
    ) -> Self {
        let length = usize::try_from(size.0).unwrap_or(usize::MAX);
        let has_more = rows.len() > length;
        rows.truncate(length);
        let next = rows.last().filter(|_| has_more).map(cursor_after);
        Self { items: rows, next }
    }

    /// The response to the request for `uri`.
    ///
    /// The link is relative, so that it stays valid if a gateway removed a prefix of the path.
    pub fn answer(self, uri: &Uri) -> Response {
        let mut response = Json(self.items).into_response();
        let link = self
            .next
            .and_then(|cursor| HeaderValue::from_str(&next_link(uri, &cursor)).ok());
        response
            .headers_mut()
            .extend(link.map(|link| (header::LINK, link)));
        response
    }
}

fn next_link(uri: &Uri, cursor: &str) -> String {
    let given = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(given.filter(|(name, _)| name != "cursor"))
        .append_pair("cursor", cursor)
        .finish();
    format!("<?{query}>; rel=\"next\"")
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::{Page, PageSize};

    #[test]
    fn page_link_keeps_filters_and_is_absent_on_last_page() {
        let uri: Uri = "/things?event=a%26b&cursor=old&limit=2".parse().unwrap();
        let link_of = |rows: Vec<u8>| {
            let response =
                Page::beginning(rows, PageSize::<50, 100>(2), u8::to_string).answer(&uri);
            response
                .headers()
                .get("link")
                .map(|link| link.to_str().unwrap().to_owned())
        };
        assert_eq!(
            link_of(vec![9, 8, 7]).unwrap(),
            "<?event=a%26b&limit=2&cursor=8>; rel=\"next\""
        );
        assert_eq!(link_of(vec![9, 8]), None);
    }

    #[test]
    fn page_size_outside_bounds_is_rejected() {
        for (size, fits) in [(0, false), (1, true), (100, true), (101, false)] {
            assert_eq!(PageSize::<50, 100>::try_from(size).is_ok(), fits, "{size}");
        }
    }
}
