"""Reads values.yaml with the comments above each value."""

import json
from dataclasses import dataclass, field

import yaml


@dataclass
class Value:
    path: tuple
    default: object
    doc: str = ""
    schema: dict = field(default_factory=dict)
    children: list = field(default_factory=list)


def read(path):
    """The values of a file as a tree; a leaf without a `# --` comment is an error."""
    text = path.read_text()
    root = Value((), yaml.safe_load(text))
    _descend(yaml.compose(text), text.splitlines(), root)
    missing = [".".join(leaf.path) for leaf in leaves(root) if not leaf.doc]
    if missing:
        raise SystemExit(f"{path}: no comment '# -- ..' above: {', '.join(missing)}")
    return root


def leaves(value):
    if not value.children:
        yield value
    for child in value.children:
        yield from leaves(child)


def _descend(node, lines, parent):
    for key, value in node.value:
        doc, schema = _comment(lines, key.start_mark.line)
        child = Value((*parent.path, key.value), parent.default[key.value], doc, schema)
        parent.children.append(child)
        # A documented map is one value; a map without a comment is a group of values.
        if isinstance(value, yaml.MappingNode) and value.value and not doc:
            _descend(value, lines, child)


def _comment(lines, line):
    """Description and schema in the comment lines above a line."""
    words, schema = [], {}
    first = line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    started = False
    for text in (one.strip() for one in lines[first:line]):
        if text.startswith("# @schema "):
            schema = json.loads(text.removeprefix("# @schema "))
        elif text.startswith("# -- "):
            started = True
            words.append(text.removeprefix("# -- "))
        elif started:
            words.append(text.removeprefix("#").strip())
    return " ".join(words), schema
