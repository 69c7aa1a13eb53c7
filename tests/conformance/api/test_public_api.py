"""The public face: frozen, documented, and all that examples and documents need."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from harness import Tool
from tests import public_api
from tests.unit.docs.test_docs_links import fences

ROOT = Path(__file__).resolve().parents[3]
FOR_USERS = [
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    *sorted((ROOT / "examples").glob("*.py")),
]

OURS = {
    "harness", "harness_activities", "harness_migrations", "harness_starter", "harness_workers",
    "harness_workflows",
}  # fmt: skip
"""Others that are called like that are packages of users."""
OFFERED = public_api.MODULES


def test_the_public_surface_is_frozen() -> None:
    assert public_api.describe_api() == public_api.FILE.read_text("utf-8"), (
        "Public names or signatures have changed. If users should get this change, run "
        "`python -m tests.public_api`, look at the difference, and add a line to CHANGELOG.md."
    )


@pytest.mark.parametrize("file", FOR_USERS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_users_import_from_the_public_modules(file: Path) -> None:
    text = file.read_text("utf-8")
    texts = [text] if file.suffix == ".py" else [t for lang, t in fences(file) if lang == "python"]
    deeper = [line for text in texts for line in _deeper_imports(text)]
    assert deeper == [], f"Export these from one of {', '.join(OFFERED)}."


def _deeper_imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
            yield from (n for n in names if _is_ours(n) and n not in OFFERED)
        elif isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
            module = node.module or ""
            offered = import_module(module).__all__ if module in OFFERED else ()
            for each in node.names:
                if each.name not in offered and f"{module}.{each.name}" not in OFFERED:
                    yield f"from {module} import {each.name}"


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in OURS


def test_importing_harness_loads_nothing_else() -> None:
    heavy = "pydantic", "temporalio", "harness.contracts"
    code = f"import sys, harness; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_modules_can_be_reached_as_attributes() -> None:
    harness = import_module("harness")
    for name in public_api.MODULES[1:]:
        if name.count(".") > 1:  # of a package for tests, which imports pytest: by its name alone
            assert import_module(name).__name__ == name
        else:
            assert getattr(harness, name.partition(".")[2]).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = harness.nothing


def documented() -> Iterator[tuple[str, Any]]:
    """Every public class and function, and every method of those classes."""
    for module in public_api.MODULES:
        for name, value in public_api.public_names(module):
            if isinstance(value, type):
                yield name, value
                for each in public_api.classes_of(value):
                    yield from _methods(name, each)
            elif inspect.isfunction(value):
                yield name, value


def _methods(name: str, kind: type) -> Iterator[tuple[str, Any]]:
    for called, value in vars(kind).items():
        inside = getattr(value, "fget", None) or getattr(value, "func", None) or value
        inside = getattr(inside, "__func__", inside)
        if not called.startswith("_") and inspect.isfunction(inspect.unwrap(inside)):
            yield f"{name}.{called}", inside


def test_every_public_name_has_a_docstring() -> None:
    missing = [name for name, value in documented() if not _own_docstring(value)]
    assert missing == [], "Say in a docstring what it does."


def test_docstrings_name_every_argument_and_what_is_returned() -> None:
    assert [each for name, value in documented() for each in _unsaid(name, value)] == []


def _own_docstring(value: Any) -> str:
    """A class's own, made up by nobody; of a method, also that of the one it overrides."""
    if not isinstance(value, type):
        return inspect.getdoc(value) or ""
    text = value.__dict__.get("__doc__") or ""
    return "" if text.startswith(f"{value.__name__}(") else text


def _unsaid(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, type):
        return
    text = inspect.getdoc(value) or ""
    signature = inspect.signature(inspect.unwrap(value))
    given = [each for each in signature.parameters if each not in ("self", "cls")]
    yield from (f"{name}: {each}" for each in given if not re.search(rf"^ *{each}: ", text, re.M))
    returns = str(signature.return_annotation)
    if given and returns != "None" and "Returns:" not in text:
        yield f"{name}: Returns"


def test_built_in_tools_are_documented() -> None:
    tools = [value for _, value in public_api.public_names("harness.tools")]
    assert [t.name for t in tools if isinstance(t, Tool) and not t.spec.description] == []
