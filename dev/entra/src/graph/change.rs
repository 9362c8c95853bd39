//! Changes of objects: they are made on the newest registry, and replace the directory.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::call::Call;
use super::error::GraphError;
use super::registry::Registry;

/// Maximum objects of one kind, so that a loop of a client cannot take all memory.
pub(super) const MOST_OBJECTS: usize = 1000;

impl Call<'_> {
    /// Changes the registry, and with it what tokens are issued. Nothing changes if `change` fails.
    pub(super) fn change<R>(
        &self,
        change: impl FnOnce(&mut Registry) -> Result<R, GraphError>,
    ) -> Result<R, GraphError> {
        self.live.change_directory(|directory| {
            let mut registry = directory.registry().clone();
            let result = change(&mut registry)?;
            Ok((directory.with_registry(registry), result))
        })
    }

    /// The body as a JSON object without the annotations of OData.
    pub(super) fn properties(&self) -> Result<Map<String, Value>, GraphError> {
        let mut properties: Map<String, Value> =
            serde_json::from_slice(self.body).map_err(|error| {
                GraphError::bad_request(format!(
                    "Unable to read JSON request payload. Send a JSON object: {error}."
                ))
            })?;
        properties.retain(|name, _| !name.starts_with("@odata."));
        Ok(properties)
    }

    /// The body as an object of a known type.
    pub(super) fn parsed<T: DeserializeOwned>(&self) -> Result<T, GraphError> {
        typed(Value::Object(self.properties()?))
    }
}

/// The object with the given properties. Members of complex properties are changed one by one, and
/// lists as a whole; `null` stands for the default.
pub(super) fn patched<T: Serialize + DeserializeOwned>(
    object: &T,
    properties: Map<String, Value>,
) -> Result<T, GraphError> {
    let mut value = serde_json::to_value(object)
        .map_err(|error| GraphError::invalid(format!("Invalid value specified: {error}.")))?;
    merge(&mut value, properties);
    typed(value)
}

fn merge(value: &mut Value, properties: Map<String, Value>) {
    let Some(members) = value.as_object_mut() else {
        *value = Value::Object(properties);
        return;
    };
    for (name, new) in properties {
        match (members.get_mut(&name), new) {
            (_, Value::Null) => {
                members.remove(&name);
            }
            (Some(old), Value::Object(new)) if old.is_object() => merge(old, new),
            (_, new) => {
                members.insert(name, new);
            }
        }
    }
}

/// The object of a known type.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, GraphError> {
    serde_json::from_value(value)
        .map_err(|error| GraphError::invalid(format!("Invalid value specified: {error}.")))
}
