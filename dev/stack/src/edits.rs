//! Edits of the gateway's files by structure, so that a test does not depend on their layout.

use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::{Map, Value};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");

/// The files of `envoy/` as parsed values.
#[derive(Clone, Debug)]
pub struct GatewayFiles {
    /// `bootstrap.yaml`.
    pub bootstrap: Value,
    /// The one listener of `listeners.yaml`.
    pub listener: Value,
    /// The one route configuration of `routes.yaml`.
    pub table: Value,
    /// The clusters of `clusters.yaml`.
    pub clusters: Vec<Value>,
}

/// The part of the files at which an edit's pointer starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The bootstrap configuration.
    Bootstrap,
    /// The listener.
    Listener,
    /// The listener's filter chain.
    Chain,
    /// The HttpConnectionManager.
    Manager,
    /// The HTTP filter of this name.
    Filter(&'static str),
    /// The list of HTTP filters.
    Filters,
    /// The list of early mutations of headers.
    Mutations,
    /// The route configuration.
    Table,
    /// The virtual host.
    Host,
    /// The route of this name.
    Route(&'static str),
    /// The cluster of this name.
    Cluster(&'static str),
}

/// One change at a pointer below a part. Pointers are JSON pointers (RFC 6901); `""` is the part
/// itself.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Sets the value, and creates missing messages above it.
    Set(&'static str, Value),
    /// Removes the value, which must exist.
    Remove(&'static str),
    /// Inserts the value at the start of a list, and creates a missing list.
    First(&'static str, Value),
    /// Appends the value to a list, and creates a missing list.
    Last(&'static str, Value),
    /// Inserts the value before the last of a list, as a filter before the router.
    BeforeLast(&'static str, Value),
    /// Removes the elements of a list whose JSON contains this string, and appends the value. At
    /// least one element must contain it.
    Instead(&'static str, &'static str, Value),
    /// Removes the elements of a list whose JSON contains one of these strings. At least one
    /// element must contain one.
    Without(&'static str, &'static [&'static str]),
}

impl GatewayFiles {
    /// Reads the files as they ship.
    pub fn shipped() -> anyhow::Result<Self> {
        Ok(Self {
            bootstrap: read("bootstrap.yaml")?,
            listener: first(resources("listeners.yaml")?)?,
            table: first(resources("routes.yaml")?)?,
            clusters: resources("clusters.yaml")?,
        })
    }

    /// Applies an edit.
    pub fn apply(&mut self, part: Part, edit: &Edit) -> anyhow::Result<()> {
        let value = self
            .part(part)
            .with_context(|| format!("{part:?} does not exist"))?;
        edit.apply(value)
            .with_context(|| format!("{part:?}: {edit:?}"))
    }

    /// Writes the files as JSON. JSON is YAML, so the names can stay.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let Self {
            bootstrap,
            listener,
            table,
            clusters,
        } = self;
        for (name, value) in [
            ("bootstrap.yaml", bootstrap.clone()),
            (
                "listeners.yaml",
                serde_json::json!({"resources": [listener]}),
            ),
            ("routes.yaml", serde_json::json!({"resources": [table]})),
            ("clusters.yaml", serde_json::json!({"resources": clusters})),
        ] {
            std::fs::write(folder.join(name), serde_json::to_vec_pretty(&value)?)?;
        }
        Ok(())
    }

    /// The part, or `None` if the files do not have it.
    pub fn part(&mut self, part: Part) -> Option<&mut Value> {
        match part {
            Part::Bootstrap => Some(&mut self.bootstrap),
            Part::Listener => Some(&mut self.listener),
            Part::Chain => self.listener.pointer_mut("/filter_chains/0"),
            Part::Manager => self
                .listener
                .pointer_mut("/filter_chains/0/filters/0/typed_config"),
            Part::Filters => self.part(Part::Manager)?.get_mut("http_filters"),
            Part::Filter(name) => named(self.part(Part::Filters)?, name),
            Part::Mutations => self
                .part(Part::Manager)?
                .pointer_mut("/early_header_mutation_extensions/0/typed_config/mutations"),
            Part::Table => Some(&mut self.table),
            Part::Host => self.table.pointer_mut("/virtual_hosts/0"),
            Part::Route(name) => named(self.part(Part::Host)?.get_mut("routes")?, name),
            Part::Cluster(name) => self
                .clusters
                .iter_mut()
                .find(|cluster| cluster["name"] == name),
        }
    }
}

impl Edit {
    /// Applies the edit to `value`. Fails if the pointer leads nowhere.
    pub fn apply(&self, value: &mut Value) -> anyhow::Result<()> {
        match self {
            Self::Set(pointer, new) => *get_or_create(value, pointer)? = new.clone(),
            Self::Remove(pointer) => {
                let (parent, key) = pointer
                    .rsplit_once('/')
                    .context("the pointer names no member")?;
                let members = value.pointer_mut(parent).and_then(Value::as_object_mut);
                members
                    .context("the parent of the member does not exist")?
                    .remove(key)
                    .context("the member does not exist")?;
            }
            Self::First(pointer, new) => list(value, pointer)?.insert(0, new.clone()),
            Self::Last(pointer, new) => list(value, pointer)?.push(new.clone()),
            Self::BeforeLast(pointer, new) => {
                let items = list(value, pointer)?;
                items.insert(items.len().saturating_sub(1), new.clone());
            }
            Self::Instead(pointer, text, new) => {
                remove_containing(list(value, pointer)?, &[*text])?;
                list(value, pointer)?.push(new.clone());
            }
            Self::Without(pointer, texts) => remove_containing(list(value, pointer)?, texts)?,
        }
        Ok(())
    }
}

fn remove_containing(items: &mut Vec<Value>, texts: &[&str]) -> anyhow::Result<()> {
    let before = items.len();
    items.retain(|item| {
        let item = item.to_string();
        !texts.iter().any(|text| item.contains(text))
    });
    ensure!(items.len() < before, "no element contains one of {texts:?}");
    Ok(())
}

/// The value at the pointer. Creates missing messages, and `null` for a missing value. An index in
/// the pointer must exist.
fn get_or_create<'a>(value: &'a mut Value, pointer: &str) -> anyhow::Result<&'a mut Value> {
    let mut place = value;
    for key in pointer.split('/').skip(1) {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match (place, key.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => {
                items.get_mut(index).context("the element does not exist")?
            }
            (Value::Object(members), _) => members.entry(key).or_insert(Value::Null),
            _ => anyhow::bail!("the parent of {key} is not a message"),
        };
    }
    Ok(place)
}

fn list<'a>(value: &'a mut Value, pointer: &str) -> anyhow::Result<&'a mut Vec<Value>> {
    let place = get_or_create(value, pointer)?;
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    place.as_array_mut().context("the value is not a list")
}

fn named<'a>(list: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    list.as_array_mut()?
        .iter_mut()
        .find(|item| item["name"] == name)
}

fn read(name: &str) -> anyhow::Result<Value> {
    let path = Path::new(FILES).join(name);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: cannot be read", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{}: is not YAML", path.display()))
}

fn resources(name: &str) -> anyhow::Result<Vec<Value>> {
    let mut document = read(name)?;
    let resources = document.get_mut("resources").map(Value::take);
    serde_json::from_value(resources.unwrap_or_default())
        .with_context(|| format!("{name} has no resources"))
}

fn first(resources: Vec<Value>) -> anyhow::Result<Value> {
    let first = resources.into_iter().next();
    first.context("the list of resources is empty")
}
