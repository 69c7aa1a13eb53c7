"""The reference says what the code says: pages are fresh, and nothing is left out of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

import docs.source
from docs import generate
from harness.cli.commands import COMMANDS, GROUP_ORDER
from harness.contracts import event, steering
from harness.contracts.errors import all_errors
from harness.stack.attributes import SEARCH_ATTRIBUTES
from harness_daemon.parameters import ELSEWHERE, IN_PATHS


@pytest.fixture(scope="module", params=sorted(generate.PAGES))
def pair(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """A page's name, what is in the repository, and what the code says."""
    file = generate.REFERENCE / request.param
    return request.param, file.read_text("utf-8"), generate.PAGES[request.param]()


def test_pages_are_fresh(pair: tuple[str, str, str]) -> None:
    name, there, now = pair
    assert there == now, f"{name} is stale: python -m docs.generate"


def test_there_is_no_page_that_nobody_writes() -> None:
    assert {file.name for file in generate.REFERENCE.iterdir()} == set(generate.PAGES)


def test_every_error_has_an_entry_and_an_anchor() -> None:
    text = (generate.REFERENCE / "errors.md").read_text("utf-8")
    for code, error in all_errors().items():
        anchor = generate.error_anchor(code)
        assert f'<a id="{anchor}"></a>\n\n### {error.__name__}: `{code}`' in text
        assert error.fix and docs.source.own_docstring(error), code


def test_every_command_is_in_a_group_and_so_in_help() -> None:
    assert {command.group for command in COMMANDS} <= set(GROUP_ORDER) - {"Other"}


def test_every_error_of_harness_is_public() -> None:
    from harness import errors

    own = {e.__name__ for e in all_errors().values() if e.__module__.startswith("harness.")}
    assert own <= set(errors.__all__), (
        "import and list them in harness/contracts/errors/__init__.py"
    )


def test_every_event_has_a_chapter() -> None:
    text = (generate.REFERENCE / "events.md").read_text("utf-8")
    for kind in event.EventBase.__subclasses__():
        assert f"### `{generate.event_type(kind)}`" in text


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"maxLength": 2_000}, "At most 2,000 characters."),
        ({"minLength": 0, "maxLength": 5}, "0 to 5 characters."),
        ({"minLength": 1}, "At least 1 characters."),
        ({"maximum": 5}, "At most 5."),
        ({"maxItems": 200}, "At most 200 items."),
        ({}, ""),
    ],
)
def test_limits_of_an_argument_are_told_with_one_end_or_two(
    limits: dict[str, int], said: str
) -> None:
    schema = {"properties": {"text": {"type": "string", "description": "Words.", **limits}}}
    assert f"| Words. {said}".rstrip() + " |" in generate.schema_table(schema)


def test_every_note_explains_something_that_exists() -> None:
    notes: dict[str, dict[str, Any]] = tomllib.loads(
        (generate.HERE / "notes.toml").read_text("utf-8")
    )
    kinds = event.EventBase.__subclasses__()
    assert [k for k in kinds if not docs.source.own_docstring(k)] == []
    assert notes["attributes"].keys() == SEARCH_ATTRIBUTES.keys()
    assert set(steering.SIGNALS) <= notes["steering"].keys()
    known = (generate.REFERENCE / "settings.md").read_text("utf-8")
    assert [key for key in notes["settings"] if f"`{key}`" not in known] == []
    known = (generate.REFERENCE / "tools.md").read_text("utf-8")
    assert [name for name in notes["tools"] if f"`{name}`" not in known] == []


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    from harness_daemon.app import make_routes

    return make_routes().openapi()


def test_every_parameter_and_field_of_a_request_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    silent = list[str]()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            silent += [
                f"{method} {path}: {each['name']}"
                for each in operation.get("parameters", [])
                if not each.get("description")
            ]
            for each in operation.get("requestBody", {}).get("content", {}).values():
                silent += list(_undescribed(each["schema"], schemas))
    assert sorted(set(silent)) == []


def _undescribed(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """The fields without a description, of a schema and those that it refers to. An exported
    conversation is a file of ours, which nobody writes by hand."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name.startswith("Exported"):
        return
    for field, of in schemas.get(name, {}).get("properties", {}).items():
        if not of.get("description"):
            yield f"{name}.{field}"
        for each in (of, of.get("items", {}), *of.get("anyOf", [])):
            yield from _undescribed(each, schemas)


def test_the_meanings_of_parameters_are_used(document: dict[str, Any]) -> None:
    paths = document["paths"].values()
    operations = [operation for methods in paths for operation in methods.values()]
    taken = {
        (each["in"] == "path", each["name"])
        for operation in operations
        for each in operation.get("parameters", [])
    }
    described = {(True, name) for name in IN_PATHS} | {(False, name) for name in ELSEWHERE}
    assert described - taken == set()
