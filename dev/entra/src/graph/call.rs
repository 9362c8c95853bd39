//! One request to Microsoft Graph, and the forms of its answers.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::Caller;
use super::error::GraphError;
use super::query::Query;
use super::registry::Registry;
use super::reply::Reply;
use crate::entra::{Entra, Live};

pub(super) struct Call<'a> {
    pub(super) live: &'a Live,
    pub(super) entra: &'a Entra,
    pub(super) caller: Caller,
    /// The tenant of the token, the only one that the request sees.
    pub(super) tenant: Uuid,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Query,
    pub(super) body: &'a [u8],
}

/// A kind of object, as `$filter` and `@odata.context` know it.
pub(super) struct EntityType {
    /// The set in `@odata.context`.
    pub(super) set: &'static str,
    /// The name in errors.
    pub(super) name: &'static str,
    /// The properties that `$filter` may compare.
    pub(super) filterable: &'static [&'static str],
    /// The properties without `$select`; all if empty.
    pub(super) default: &'static [&'static str],
}

/// The segments below `/v1.0`. A key in parentheses becomes a segment of its own:
/// `applications(appId='…')` is `applications` and `appId=…`.
pub(super) fn segments(path: &str) -> Vec<String> {
    let below = path.strip_prefix("/v1.0/").unwrap_or_default();
    let mut segments = Vec::new();
    for segment in below.split('/').filter(|segment| !segment.is_empty()) {
        let segment = percent_decode_str(segment).decode_utf8_lossy();
        match segment.strip_suffix(')').and_then(|it| it.split_once('(')) {
            Some((set, key)) => {
                segments.push(set.to_owned());
                segments.push(key.replace('\'', ""));
            }
            None => segments.push(segment.into_owned()),
        }
    }
    segments
}

impl Call<'_> {
    pub(super) fn registry(&self) -> &Registry {
        self.entra.directory.registry()
    }

    /// Fails unless the caller may read, or write if the method does.
    pub(super) fn require(&self, read: &[&str], write: &[&str]) -> Result<(), GraphError> {
        self.caller
            .require(if self.method == "GET" { read } else { write })
    }

    /// The answer for a path that no resource has.
    pub(super) fn no_such_path(&self) -> GraphError {
        let last = segments(self.path).pop().unwrap_or_default();
        GraphError::bad_request(format!("Resource not found for the segment '{last}'."))
    }

    /// The collection, filtered, cut to a page and reduced to the selected properties.
    pub(super) fn collection(
        &self,
        of: &'static EntityType,
        objects: impl IntoIterator<Item = Value>,
    ) -> Result<Reply, GraphError> {
        let filter = self.query.filter(of)?;
        let mut objects: Vec<Value> = objects
            .into_iter()
            .filter(|object| filter.as_ref().is_none_or(|filter| filter.holds(object)))
            .collect();
        objects.sort_by(|one, other| id_of(one).cmp(id_of(other)));
        let count = objects.len();
        let next = self.query.cut(&mut objects)?;
        let select = self.query.selected(of);
        let value: Result<Vec<Value>, GraphError> = objects
            .into_iter()
            .map(|object| select.apply(object, of))
            .collect();
        let mut body = json!({"@odata.context": self.context(of, "")});
        if let Some(members) = body.as_object_mut() {
            if self.query.wants_count() {
                members.insert("@odata.count".to_owned(), count.into());
            }
            if let Some(token) = next {
                let url = self.query.next_link(&self.url(self.path), &token);
                members.insert("@odata.nextLink".to_owned(), url.into());
            }
            members.insert("value".to_owned(), value?.into());
        }
        Ok(Reply::Json(body))
    }

    /// `/$count` of a collection.
    pub(super) fn count(
        &self,
        of: &'static EntityType,
        objects: impl IntoIterator<Item = Value>,
    ) -> Result<Reply, GraphError> {
        if !self.query.is_eventual {
            return Err(GraphError::invalid(
                "$count is not currently supported. Send ConsistencyLevel: eventual.",
            ));
        }
        let filter = self.query.filter(of)?;
        let holds = |object: &Value| filter.as_ref().is_none_or(|filter| filter.holds(object));
        Ok(Reply::Count(objects.into_iter().filter(holds).count()))
    }

    /// One object.
    pub(super) fn entity(
        &self,
        of: &'static EntityType,
        object: Value,
    ) -> Result<Reply, GraphError> {
        let object = self.query.selected(of).apply(object, of)?;
        Ok(Reply::Json(self.with_context(of, "/$entity", object)))
    }

    /// A new object.
    pub(super) fn created(&self, of: &'static EntityType, object: Value) -> Reply {
        let url = self.url(&format!("{}/{}", self.path, id_of(&object)));
        Reply::Created(self.with_context(of, "/$entity", object), url)
    }

    fn with_context(&self, of: &'static EntityType, suffix: &str, object: Value) -> Value {
        let mut body = json!({"@odata.context": self.context(of, suffix)});
        if let (Some(members), Value::Object(object)) = (body.as_object_mut(), object) {
            members.extend(object);
        }
        body
    }

    fn context(&self, of: &'static EntityType, suffix: &str) -> String {
        let selected = self.query.selection();
        let selected = selected.map_or_else(String::new, |names| format!("({names})"));
        self.metadata(&format!("{}{selected}{suffix}", of.set))
    }

    /// An `@odata.context`.
    pub(super) fn metadata(&self, of: &str) -> String {
        self.url(&format!("/v1.0/$metadata#{of}"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.entra.authority)
    }
}

fn id_of(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_default()
}
