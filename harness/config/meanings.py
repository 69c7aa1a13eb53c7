"""What settings mean, from the docstrings of their fields."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from harness.config import _keys


def find_meaning(key: str) -> str | None:
    """What a setting means; None if nothing says so."""
    *path, name = key.split(".")
    node = _keys.find_key(tuple(path))
    section = node.section if isinstance(node, _keys.Table) else None
    return _docstrings_of(section).get(name) if section else None


@cache
def _docstrings_of(kind: type[BaseModel]) -> dict[str, str]:
    """The docstring of each field of a class, also of those that it inherits. They are not kept at
    run time, and reading the source at each import would be slow."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _read_docstrings(each)
    return found


def _read_docstrings(kind: type[Any]) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):  # without source, such as a class made at run time
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for field, after in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[field.target.id] = " ".join(after.value.value.split())
    return found
