"""The page of the HTTP API, from the OpenAPI document that the daemon serves."""

from __future__ import annotations

from typing import Any

from docs.generate import join_parts, load_notes, make_table, page_title


def api_page() -> str:
    from harness_daemon.app import make_routes

    document = make_routes().openapi()
    schemas = document["components"]["schemas"]
    parts = [page_title("HTTP API", "openapi.py"), load_notes("pages")["api"]]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            role = operation.get("x-role")
            needs = f"Role: `{role}`." if role else "Needs no token."
            parts += [
                f"## {method.upper()} {path}",
                " ".join(operation["description"].split()),
                needs,
                _parameters_table(operation, schemas),
            ]
    return join_parts(parts)


def _parameters_table(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    rows = [
        [f"`{each['name']}`", each["in"], _type_words(each["schema"]), each.get("description", "")]
        for each in operation.get("parameters", [])
        if each["in"] != "path"
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        body = schemas[_name_schema(content["schema"])]
        needed = body.get("required", [])
        for name, field in body["properties"].items():
            text = " ".join(field.get("description", "").split())
            where = "body, required" if name in needed else "body"
            rows.append([f"`{name}`", where, _type_words(field), text])
    return make_table(["Parameter", "In", "Type", "Meaning"], rows) if rows else ""


def _type_words(schema: dict[str, Any]) -> str:
    """The type of a value, in JSON Schema's words."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        kinds = [_type_words(each) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_words(schema['items'])}"
    return schema.get("type", "any")


def _name_schema(schema: dict[str, Any]) -> str:
    """The name of a body's schema; a body that may be left out is an `anyOf` with null."""
    return next(each["$ref"] for each in schema.get("anyOf", [schema])).rpartition("/")[2]
