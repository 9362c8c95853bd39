use super::{Place, YamlError, documents};

#[test]
fn places_are_those_of_keys_and_elements() {
    let yaml = "a: 1\nb:\n  - c: x\n    d: [1, 2]\n  - {e: null}\n";
    let document = documents(yaml).remove(0).unwrap();
    assert_eq!(
        document.value,
        serde_json::json!({"a": 1, "b": [{"c": "x", "d": [1, 2]}, {"e": null}]})
    );
    for (path, line, column) in [
        ("a", 1, 1),
        ("b", 2, 1),
        ("b[0].c", 3, 5),
        ("b[0].d[1]", 4, 12),
        ("b[1].e", 5, 6),
        ("b[1].missing", 5, 5),
        ("b[7].missing", 2, 1),
        ("missing", 1, 1),
    ] {
        assert_eq!(
            document.places.nearest(path),
            Some(Place { line, column }),
            "{path}"
        );
    }
}

#[test]
fn removed_elements_do_not_move_the_others() {
    let mut places = documents("b: [0, 1, 2, 3]\n").remove(0).unwrap().places;
    assert_eq!(places.as_written("b[1].c[0]"), "b[1].c[0]");
    places.remove_element("b[1]");
    places.remove_element("b[0]");
    for (path, expected) in [
        ("b[0].c", "b[2].c"),
        ("b[1]", "b[3]"),
        ("c[0]", "c[0]"),
        ("b", "b"),
        ("x[y].z", "x[y].z"),
    ] {
        assert_eq!(places.as_written(path), expected, "{path}");
    }
}

#[test]
fn duplicate_keys_are_found_at_every_depth() {
    let document = documents("a: {b: 1, b: 2}\nc: [{d: 1, e: 2, d: 3}]\na: 4\n")
        .remove(0)
        .unwrap();
    let paths: Vec<&str> = document
        .duplicates
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(paths, ["a.b", "c[0].d", "a"]);
    assert_eq!(document.value["a"]["b"], 1, "the first value counts");
}

#[test]
fn documents_before_a_broken_one_are_read() {
    let found = documents("a: 1\n---\nb: *unknown\n---\nc: 1\n");
    let ok: Vec<bool> = found.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false], "{found:?}");
    let place = found[1].as_ref().unwrap_err().place;
    assert_eq!(place.map(|place| place.line), Some(3));
}

#[test]
fn parser_errors_have_no_words_of_the_library() {
    let error = serde_saphyr::from_str::<serde_json::Value>("a: 1\na: 2\n").unwrap_err();
    let error = YamlError::from(&error);
    assert_eq!(
        error.to_string(),
        "line 2, column 1: 'a' is here a second time; keep one of them"
    );
    let error = documents("a: [\n").remove(0).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
}
