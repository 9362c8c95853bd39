//! The system query options of OData that dev-entra has: `$select`, `$filter`, `$top`,
//! `$skiptoken` and `$count`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::call::EntityType;
use super::error::GraphError;
use super::filter::Filter;

/// The size of a page without `$top`.
const PAGE: usize = 100;
/// The largest page.
const LARGEST_PAGE: usize = 999;
/// The options of OData that are understood.
const OPTIONS: [&str; 5] = ["$select", "$filter", "$top", "$skiptoken", "$count"];

pub(super) struct Query {
    parameters: Vec<(String, String)>,
    /// Whether the client accepts what a search index says. Without this, `$count` does nothing.
    pub(super) is_eventual: bool,
}

/// The properties to answer with.
pub(super) struct Selection<'a> {
    names: Vec<&'a str>,
    is_default: bool,
}

impl Query {
    pub(super) fn parse(query: &str, headers: &HeaderMap) -> Result<Self, GraphError> {
        let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        for (name, _) in &parameters {
            if name.starts_with('$') && !OPTIONS.contains(&name.as_str()) {
                return Err(GraphError::bad_request(format!(
                    "The query option '{name}' is not supported by dev-entra; it has {}.",
                    OPTIONS.join(", ")
                )));
            }
        }
        let level = headers.get("consistencylevel");
        Ok(Self {
            parameters,
            is_eventual: level.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"eventual")),
        })
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(option, _)| option == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn wants_count(&self) -> bool {
        self.is_eventual && self.option("$count") == Some("true")
    }

    pub(super) fn filter(&self, of: &EntityType) -> Result<Option<Filter>, GraphError> {
        self.option("$filter")
            .map(|text| Filter::parse(text, of))
            .transpose()
    }

    /// `$select` without spaces.
    pub(super) fn selection(&self) -> Option<String> {
        self.option("$select").map(|names| names.replace(' ', ""))
    }

    pub(super) fn selected(&self, of: &'static EntityType) -> Selection<'_> {
        match self.option("$select") {
            Some(names) => Selection {
                names: names.split(',').map(str::trim).collect(),
                is_default: false,
            },
            None => Selection {
                names: of.default.to_vec(),
                is_default: true,
            },
        }
    }

    /// Cuts sorted objects to the page of this request, and returns the token of the next one.
    pub(super) fn cut(&self, objects: &mut Vec<Value>) -> Result<Option<String>, GraphError> {
        let size = match self.option("$top") {
            None => PAGE,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=LARGEST_PAGE).contains(size))
                .ok_or_else(|| {
                    GraphError::invalid(format!(
                        "Invalid page size specified: '{text}'. Must be between 1 and \
                         {LARGEST_PAGE} inclusive."
                    ))
                })?,
        };
        if let Some(token) = self.option("$skiptoken") {
            let after = URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| GraphError::invalid("The skip token is invalid."))?;
            objects.retain(|object| object["id"].as_str() > Some(after.as_str()));
        }
        let has_more = objects.len() > size;
        objects.truncate(size);
        let last = objects.last().and_then(|object| object["id"].as_str());
        Ok(last
            .filter(|_| has_more)
            .map(|last| URL_SAFE_NO_PAD.encode(last)))
    }

    /// The URL of the next page.
    pub(super) fn next_link(&self, url: &str, token: &str) -> String {
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let options = self
            .parameters
            .iter()
            .filter(|(name, _)| name.starts_with('$') && name != "$skiptoken")
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        let options: Vec<String> = options.chain([format!("$skiptoken={token}")]).collect();
        format!("{url}?{}", options.join("&"))
    }
}

impl Selection<'_> {
    /// The selected properties of `object`.
    pub(super) fn apply(&self, object: Value, of: &EntityType) -> Result<Value, GraphError> {
        let Value::Object(mut all) = object else {
            return Ok(object);
        };
        if self.is_default && self.names.is_empty() {
            return Ok(Value::Object(all));
        }
        let mut selected = Map::new();
        for name in &self.names {
            let value = all.remove(*name).ok_or_else(|| {
                GraphError::bad_request(format!(
                    "Parsing OData Select and Expand failed: Could not find a property named \
                     '{name}' on type 'microsoft.graph.{}'.",
                    of.name
                ))
            })?;
            selected.insert((*name).to_owned(), value);
        }
        Ok(Value::Object(selected))
    }
}
