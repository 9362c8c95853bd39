//! The list of Envoy fields of `portcullis lint` matches the Envoy binary.
//!
//! `UPDATE_ENVOY_FIELDS=1` rewrites the list. The tests of `authz/cli` then show which fields
//! have no rule.
#![allow(
    clippy::indexing_slicing,
    reason = "a test and its helpers may fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use prost::Message as _;
use prost_types::field_descriptor_proto::Type;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, MessageOptions,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../authz/cli/src/commands/lint/tests/envoy_fields.txt"
);
/// Prefixes of the file names of the descriptors to read.
const PACKAGES: [&str; 3] = ["envoy/", "xds/", "udpa/"];

/// The messages and enums of the binary, by full name.
#[derive(Default)]
struct Declared {
    messages: BTreeMap<String, DescriptorProto>,
    enums: BTreeMap<String, EnumDescriptorProto>,
}

impl Declared {
    fn of(binary: &[u8]) -> Self {
        let mut declared = Self::default();
        // A serialized FileDescriptorProto begins with field 1, its name.
        let starts = binary
            .windows(2)
            .enumerate()
            .filter(|(_, window)| window[0] == 0x0a)
            .map(|(start, _)| start);
        for start in starts {
            let name = binary
                .get(start + 2..start + 2 + usize::from(binary[start + 1]))
                .unwrap_or_default();
            let is_file = PACKAGES
                .iter()
                .any(|package| name.starts_with(package.as_bytes()));
            if is_file
                && name.ends_with(b".proto")
                && let Some(file) = file_at(&binary[start..])
            {
                let package = file.package().to_owned();
                file.message_type
                    .into_iter()
                    .for_each(|message| declared.add(&package, message));
                file.enum_type
                    .into_iter()
                    .for_each(|kind| declared.add_enum(&package, kind));
            }
        }
        declared
    }

    fn add(&mut self, scope: &str, message: DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        message
            .nested_type
            .iter()
            .for_each(|inner| self.add(&name, inner.clone()));
        message
            .enum_type
            .iter()
            .for_each(|kind| self.add_enum(&name, kind.clone()));
        self.messages.insert(name, message);
    }

    fn add_enum(&mut self, scope: &str, kind: EnumDescriptorProto) {
        self.enums.insert(format!("{scope}.{}", kind.name()), kind);
    }

    fn is_extensible(&self, name: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![name.to_owned()];
        while let Some(name) = next.pop() {
            if name == "google.protobuf.Any" {
                return true;
            }
            let fields = self
                .messages
                .get(&name)
                .map(|message| message.field.as_slice())
                .unwrap_or_default();
            if seen.insert(name) {
                next.extend(
                    fields
                        .iter()
                        .filter(|field| field.r#type() == Type::Message)
                        .map(type_name),
                );
            }
        }
        false
    }

    fn kind(&self, field: &FieldDescriptorProto) -> String {
        let name = type_name(field);
        match self.messages.get(&name) {
            Some(entry)
                if entry
                    .options
                    .as_ref()
                    .is_some_and(MessageOptions::map_entry) =>
            {
                format!("map of {}", self.kind(&entry.field[1]))
            }
            _ if name.is_empty() => field
                .r#type()
                .as_str_name()
                .trim_start_matches("TYPE_")
                .to_lowercase(),
            _ => name,
        }
    }

    /// Returns the lines of a message with its fields, or of an enum with its values.
    fn describe(&self, name: &str) -> anyhow::Result<String> {
        let mut text = format!("{name}\n");
        if let Some(message) = self.messages.get(name) {
            for field in &message.field {
                let is_message = field.r#type() == Type::Message;
                let mark = if is_message && self.is_extensible(&type_name(field)) {
                    " extensible"
                } else {
                    ""
                };
                writeln!(text, "  {} {}{mark}", field.name(), self.kind(field))?;
            }
        } else {
            let kind = self
                .enums
                .get(name)
                .with_context(|| format!("this Envoy has no {name}"))?;
            for value in &kind.value {
                writeln!(text, "  {} {}", value.name(), value.number())?;
            }
        }
        Ok(text)
    }
}

fn type_name(field: &FieldDescriptorProto) -> String {
    field.type_name().trim_start_matches('.').to_owned()
}

/// Reads a descriptor whose length is unknown.
///
/// It ends where the next bytes are no field of `FileDescriptorProto`, or field 1 of another one.
fn file_at(bytes: &[u8]) -> Option<FileDescriptorProto> {
    let mut end = 0;
    while let Some(length) = field_length(&bytes[end..]).filter(|_| end == 0 || bytes[end] != 0x0a)
    {
        end += length;
    }
    FileDescriptorProto::decode(&bytes[..end]).ok()
}

fn field_length(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let tag = prost::encoding::decode_varint(&mut rest).ok()?;
    let is_known = (1..=14).contains(&(tag >> 3));
    match tag & 7 {
        0 if is_known => prost::encoding::decode_varint(&mut rest)
            .ok()
            .map(|_| bytes.len() - rest.len()),
        2 if is_known => {
            let length = usize::try_from(prost::encoding::decode_varint(&mut rest).ok()?).ok()?;
            (length <= rest.len()).then(|| bytes.len() - rest.len() + length)
        }
        _ => None,
    }
}

#[test]
fn field_list_matches_this_envoy() -> anyhow::Result<()> {
    let binary = std::fs::read(std::env::var("ENVOY")?)?;
    let declared = Declared::of(&binary);
    let written = std::fs::read_to_string(FILE)?;
    let (head, names): (Vec<&str>, Vec<&str>) = written
        .lines()
        .filter(|line| !line.starts_with("  "))
        .partition(|line| line.starts_with('#'));
    let head: Vec<String> = head.iter().map(|line| format!("{line}\n")).collect();
    let described: Vec<String> = names
        .iter()
        .map(|name| declared.describe(name))
        .collect::<anyhow::Result<_>>()?;
    let expected = head.concat() + &described.concat();
    if std::env::var_os("UPDATE_ENVOY_FIELDS").is_some() {
        std::fs::write(FILE, &expected)?;
    }
    assert!(
        written == expected,
        "{} does not match this Envoy; run with UPDATE_ENVOY_FIELDS=1",
        Path::new(FILE).display()
    );
    Ok(())
}
