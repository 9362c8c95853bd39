use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::places::{element, member};
use super::{Place, YamlDocument};

/// A YAML value with its places and with duplicate keys.
#[derive(Debug)]
pub(super) enum Node {
    Scalar(Value),
    Sequence(Vec<Spanned<Node>>),
    Mapping(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl YamlDocument {
    pub(super) fn of(node: Node) -> Self {
        let mut document = Self::default();
        document.value = document.add(node, "");
        document
    }

    /// The value of `node` at `path`. The first value of a duplicate key counts.
    fn add(&mut self, node: Node, path: &str) -> Value {
        match node {
            Node::Scalar(value) => value,
            Node::Sequence(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| {
                    let path = element(path, index);
                    self.places.insert(path.clone(), Place::of(item.referenced));
                    self.add(item.value, &path)
                })
                .collect(),
            Node::Mapping(members) => {
                let mut map = Map::new();
                for (key, value) in members {
                    let path = member(path, &key.value);
                    let place = Place::of(key.referenced);
                    if map.contains_key(&key.value) {
                        self.duplicates.push((path, place));
                        continue;
                    }
                    self.places.insert(path.clone(), place);
                    map.insert(key.value, self.add(value.value, &path));
                }
                map.into()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut sequence = Vec::new();
        while let Some(item) = items.next_element()? {
            sequence.push(item);
        }
        Ok(Node::Sequence(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut mapping = Vec::new();
        while let Some(member) = members.next_entry()? {
            mapping.push(member);
        }
        Ok(Node::Mapping(mapping))
    }
}
