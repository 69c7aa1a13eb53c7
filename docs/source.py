"""What the code says of itself: fields, signatures and docstrings, as they stand in the source."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple


class Field(NamedTuple):
    name: str
    type: str
    default: str | None
    """None where it must be given."""
    text: str


class Member(NamedTuple):
    name: str
    signature: str
    text: str


def list_fields(kind: type) -> list[Field]:
    """The annotated fields of a class, without those that it inherits."""
    body = _class_node(kind).body
    return [_make_field(node, body[i + 1 :]) for i, node in enumerate(body) if _is_field(node)]


def list_members(kind: type) -> list[Member]:
    """The public methods and properties of a class; of overloads, the last one."""
    found: dict[str, Member] = {}
    for node in _class_node(kind).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith(
            "_"
        ):
            found[node.name] = Member(
                node.name, _signature_text(node), ast.get_docstring(node) or ""
            )
    return list(found.values())


def describe_function(called: Any) -> Member:
    tree = ast.parse(textwrap.dedent(_source_of(called)))
    node = next(n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return Member(node.name, _signature_text(node), inspect.getdoc(called) or "")


def constructor_signature(kind: type) -> str:
    nodes = [
        n for n in _class_node(kind).body if isinstance(n, ast.FunctionDef) and n.name == "__init__"
    ]
    return f"{kind.__name__}({_argument_text(nodes[-1])})"


def own_docstring(kind: type) -> str:
    """The class's own docstring; pydantic's and dataclass's made-up ones are none."""
    return ast.get_docstring(_class_node(kind)) or ""


@cache
def _class_node(kind: type) -> ast.ClassDef:
    if kind.__module__ == "harness.errors":  # the name that users import; defined elsewhere
        return _error_nodes()[kind.__name__]
    node = ast.parse(textwrap.dedent(_source_of(kind))).body[0]
    assert isinstance(node, ast.ClassDef)
    return node


@cache
def _error_nodes() -> dict[str, ast.ClassDef]:
    """The errors of harness as they stand in the modules of `harness.contracts.errors`."""
    from harness.contracts import errors

    parts = (file.read_text("utf-8") for file in sorted(Path(errors.__path__[0]).glob("*.py")))
    nodes = (node for part in parts for node in ast.parse(part).body)
    return {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}


@cache
def _source_of(thing: Any) -> str:
    return inspect.getsource(thing)


def _is_field(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and not node.target.id.startswith("_")
        and node.target.id != "model_config"
    )


def _make_field(node: ast.stmt, after: list[ast.stmt]) -> Field:
    assert isinstance(node, ast.AnnAssign)
    assert isinstance(node.target, ast.Name)
    text = ""
    if after and isinstance(after[0], ast.Expr) and isinstance(after[0].value, ast.Constant):
        text = inspect.cleandoc(str(after[0].value.value))
    default = None if node.value is None else _default_text(node.value)
    return Field(node.target.id, ast.unparse(node.annotation), default, " ".join(text.split()))


def _default_text(value: ast.expr) -> str | None:
    """`Field(default=8, ge=1)` says 8; `Field(min_length=1)` says nothing."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("Field", "field"):
        named = {each.arg: ast.unparse(each.value) for each in value.keywords}
        return named.get("default")
    return ast.unparse(value)


def _signature_text(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    decorators = {ast.unparse(each) for each in node.decorator_list}
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if decorators & {"property", "cached_property"}:
        return f"{node.name}{returns.replace(' -> ', ': ')}"
    start = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    if "asynccontextmanager" in decorators:
        start = "async with "
        returns = re.sub(r"AsyncGenerator\[(\w+).*\]", r"\1", returns)
    return f"{start}{node.name}({_argument_text(node)}){returns}"


def _argument_text(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    whole = ast.unparse(node.args)
    return re.sub(r"^(self|cls)(: [\w\[\]]+)?(, )?", "", whole)


def list_subclasses(module: ModuleType, base: type, *also: str) -> Iterator[type]:
    """The classes of a module that derive from `base`, in the order of the source; with those that
    it imports from the modules `also`."""
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, base)
            and value.__module__ in (module.__name__, *also)
        ):
            yield value
