//! JSON pointers (RFC 6901), by which the schema and the parser name a member of a document.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::yaml::{element, member};

/// The path of the member at `pointer`, such as `spec.allow[0].callers`.
///
/// The member itself can be absent. A token of digits is an index in a sequence and a key in a
/// mapping.
pub(super) fn field_path(document: &Value, pointer: &str) -> String {
    let mut path = String::new();
    let mut value = Some(document);
    for token in pointer.split('/').skip(1).map(unescape) {
        (path, value) = match value {
            Some(Value::Array(items)) => {
                let index = token.parse().unwrap_or(usize::MAX);
                (element(&path, index), items.get(index))
            }
            inner => (
                member(&path, &token),
                inner.and_then(|value| value.get(&token)),
            ),
        };
    }
    path
}

/// Removes the members at `pointers`. Returns false if it removes no member, or if a pointer names
/// the whole document.
pub(super) fn remove_all(document: &mut Value, pointers: &HashSet<String>) -> bool {
    let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (parent, member) in pointers.iter().filter_map(|at| at.rsplit_once('/')) {
        parents.entry(parent).or_default().push(member);
    }
    // In reverse order a member comes before those around it, whose removal can move it.
    let removed = parents
        .into_iter()
        .rev()
        .filter_map(|(parent, members)| Some(remove(document.pointer_mut(parent)?, &members)));
    removed.sum::<usize>() > 0 && !pointers.contains("")
}

/// Removes `members` of `parent`, and returns how many there were.
fn remove(parent: &mut Value, members: &[&str]) -> usize {
    match parent {
        Value::Array(items) => {
            let removed: HashSet<usize> = members
                .iter()
                .filter_map(|member| member.parse().ok())
                .collect();
            let before = items.len();
            let mut indexes = 0..;
            items.retain(|_| indexes.next().is_none_or(|index| !removed.contains(&index)));
            before - items.len()
        }
        Value::Object(fields) => members
            .iter()
            .filter_map(|member| fields.remove(&unescape(member)))
            .count(),
        _ => 0,
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Value, json};

    use super::{field_path, remove_all};

    fn document() -> Value {
        json!({"a": [{"b/c": 1, "7": 2}, 3, 4], "d.e": {"": 5, "~": 6}})
    }

    #[test]
    fn pointer_becomes_the_path_of_its_member() {
        struct Case {
            pointer: &'static str,
            path: &'static str,
        }
        let case = |pointer, path| Case { pointer, path };
        for Case { pointer, path } in [
            case("", ""),
            case("/a", "a"),
            case("/a/0", "a[0]"),
            case("/a/0/b~1c", "a[0].b/c"),
            case("/a/0/7", "a[0].7"),
            case("/d.e/", "d.e."),
            case("/d.e/~0", "d.e.~"),
            case("/absent", "absent"),
            case("/a/9", "a[9]"),
            case("/a/1/x/y", "a[1].x.y"),
        ] {
            assert_eq!(field_path(&document(), pointer), path, "{pointer}");
        }
    }

    #[test]
    fn removed_members_leave_the_others() {
        struct Case {
            name: &'static str,
            pointers: &'static [&'static str],
            rest: Value,
        }
        for Case {
            name,
            pointers,
            rest,
        } in [
            Case {
                name: "elements, which move the others",
                pointers: &["/a/0", "/a/1"],
                rest: json!({"a": [4], "d.e": {"": 5, "~": 6}}),
            },
            Case {
                name: "a member and its parent",
                pointers: &["/a/0/7", "/a"],
                rest: json!({"d.e": {"": 5, "~": 6}}),
            },
            Case {
                name: "names with special characters",
                pointers: &["/a/0/b~1c", "/a/0/7", "/d.e/", "/d.e/~0"],
                rest: json!({"a": [{}, 3, 4], "d.e": {}}),
            },
        ] {
            let mut document = document();
            let pointers = pointers.iter().map(|&pointer| pointer.to_owned()).collect();
            assert!(remove_all(&mut document, &pointers), "{name}");
            assert_eq!(document, rest, "{name}");
        }
    }

    #[test]
    fn nothing_is_removed_where_no_member_is() {
        let absent = ["/absent", "/a/9", "/a/1/x", ""].map(str::to_owned);
        let mut rest = document();
        assert!(!remove_all(&mut rest, &HashSet::from(absent)));
        assert_eq!(rest, document());
    }
}
