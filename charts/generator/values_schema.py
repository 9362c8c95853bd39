"""The closed JSON Schema of a chart's values, with types from the defaults and the rest from `# @schema` lines."""

import json

NAME = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 50}
PATH = {"type": "string", "pattern": "^(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$"}
ROUTE = {
    "path": PATH,
    "policy": {**NAME, "maxLength": 253},
    "match": {"enum": ["exact", "child", "below"]},
    "removedPrefix": PATH,
    "timeout": {"type": "string", "pattern": "^[1-9][0-9]*(ms|s)$"},
    "name": NAME,
}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
# Here rather than in a comment of values.yaml, where it would be unreadable.
DEFINITIONS = {
    "upstreams": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "selector", "port"],
            "properties": {
                **ROUTE,
                "namespace": {"type": "string", "pattern": "^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$", "maxLength": 63},
                "selector": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
                "port": PORT,
                "serviceName": {"type": "string"},
                "healthPath": PATH,
                "metricsPort": PORT,
                "macKey": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"create": {"type": "boolean"}, "secretName": {**NAME, "maxLength": 253}},
                },
                "routes": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "additionalProperties": False, "required": ["path", "policy"], "properties": ROUTE},
                },
            },
            "oneOf": [{"required": ["routes"]}, {"required": ["path", "policy"]}],
        },
    }
}


def render(chart, values):
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Values of the chart {chart}",
        **_schema(values),
    }
    if '"#/$defs/upstreams"' in json.dumps(schema):
        schema["$defs"] = DEFINITIONS
    return json.dumps(schema, indent=2) + "\n"


def _schema(value):
    if value.children:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {child.path[-1]: _schema(child) for child in value.children},
        }
    schema = {"description": value.doc}
    if "$ref" in value.schema:
        return {**schema, **value.schema}
    if "enum" not in value.schema:
        schema["type"] = _type(value.default)
    if schema.get("type") == "object":
        schema["additionalProperties"] = False
    return {**schema, **value.schema}


def _type(default):
    for kind, name in ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(default, kind):
            return name
    raise SystemExit(f"values.yaml: {default!r} has no type that the schema could state")
