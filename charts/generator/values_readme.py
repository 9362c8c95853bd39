"""A chart's README: README.head.md, then a table of all values."""

import json

from documented_values import leaves


def render(head, values):
    rows = ["| value | default | |", "|---|---|---|"]
    for leaf in leaves(values):
        rows.append(f"| `{'.'.join(leaf.path)}` | `{_default(leaf.default)}` | {leaf.doc.replace('|', chr(92) + '|')} |")
    return head.read_text().rstrip() + "\n\n## Values\n\n" + "\n".join(rows) + "\n"


def _default(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else "see values.yaml"
