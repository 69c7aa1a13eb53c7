"""Every built-in tool against input made to be slow or large: no call holds up the event loop."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

import harness.tools
from harness.agent import AnyTool, Tool
from harness.commons.children import Limits
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool, Workspace
from harness.tools import http_tools, shell_tools
from harness_activities.tools import edit, search, web
from tests.fakes.loop_lag import Cost, measure
from tests.fakes.tool_calls import HOST, Caller, calling
from tests.integration.test_tools_http import LOCAL, redirect, reply, serving

BUDGET = Cost(lag_ms=50, memory_mb=150)
SHORT = Limits(seconds=0.5, memory_mb=512)
TOOLS: dict[str, AnyTool] = {
    tool.name: tool
    for name in harness.tools.__all__
    if isinstance(tool := getattr(harness.tools, name), Tool)
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = {"a": [value]}
    return value


HOSTILE: dict[str, Callable[[], Any]] = {
    "long text": lambda: "x" * 1_900_000,
    "many lines": lambda: "\n" * 1_900_000,
    "brackets": lambda: "[!" * 500_000,
    "half a character": lambda: "\ud800" * 100_000,
    "NUL": lambda: "\0",
    "deep": lambda: nested(400),
    "too deep": lambda: nested(5_000),
    "wide": lambda: [{"a": n} for n in range(100_000)],
    "names": lambda: {f"{n}": None for n in range(100_000)},
    "number": lambda: 10**4_000,
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FILE_SECONDS", SHORT.seconds)
    monkeypatch.setattr(edit, "LIMITS", SHORT)
    monkeypatch.setattr(web, "READING", SHORT)


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Caller]:
    names = [name for name in TOOLS if name not in ("shell", "http_get", "http_request")]
    others = *http_tools(approval="never"), *shell_tools(approval="never")
    tools = *(TOOLS[name] for name in names), *others
    async with calling(*tools, root=tmp_path, http=LOCAL) as caller:
        yield caller


async def within(call: Caller, name: str, **arguments: Any) -> None:
    request = RunTool(
        call=ToolCall(id="c1", name=name, arguments=arguments), turn=1, spec="s", approved=True,
        workspace=Workspace(host=HOST, root=str(call.root)),
    )  # fmt: skip

    async def made() -> None:
        try:
            await call.env.run(call.activities.run_tool, request)
        except ApplicationError as error:  # to be made again by the engine
            assert error.type == "tool.temporary", error

    cost = await measure(made, BUDGET)
    assert cost.lag_ms <= BUDGET.lag_ms, (name, cost)
    assert cost.memory_mb <= BUDGET.memory_mb, (name, cost)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
async def test_arguments(call: Caller, tool: AnyTool) -> None:
    """The first argument of each tool; all kinds for the one that takes anything."""
    schema = tool.spec.parameters
    if tool.name.startswith("sql"):
        pytest.skip("the database has limits of its own")
    any_kind = tool.name == "http_request"
    for kind in HOSTILE if any_kind else ("long text", "wide"):
        parameter = "body" if any_kind else next(iter(schema["properties"]))
        rest = {name: "" for name in schema.get("required", ())}
        await within(call, tool.name, **{**rest, parameter: HOSTILE[kind]()})


EXPRESSIONS = ["round(1,-60000000)", "9**9**9", "factorial(400)" + "*factorial(400)" * 20,
               "(" * 250, "-" * 499 + "1", "lcm(" + "2**4095-1," * 45 + "3)"]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
async def test_expressions(call: Caller, expression: str) -> None:
    await within(call, "math", expression=expression)


SEARCHES: list[dict[str, Any]] = [
    {"pattern": "(a+)+$", "regex": True},
    {"pattern": "(" * 100, "regex": True},
    {"pattern": "(?:a{1000}){1000}", "regex": True},
    {"pattern": "b", "files": "[!" * 100},
    {"pattern": "b", "files": "*a" * 100},
    {"pattern": "missing", "ignore_case": True},
    {"pattern": "\ud800"},
]


@pytest.mark.parametrize("asked", SEARCHES, ids=lambda asked: str(asked)[:60])
async def test_searches(call: Caller, tmp_path: Path, asked: dict[str, Any]) -> None:
    (tmp_path / ("a" * 250)).write_bytes(b"a" * 64 + b"!")
    (tmp_path / "lines").write_bytes(b"\n" * search.MAX_FILE)
    (tmp_path / "wide").write_bytes(b"\xff" * search.MAX_FILE)
    await within(call, "search_files", **asked)


@pytest.fixture
def large(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"\n" * (8 << 20))
    (tmp_path / "wide").write_bytes(b"x" * (8 << 20))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(60 << 30)
    for n in range(100):
        (tmp_path / f"n{n}").touch()


FILES: list[tuple[str, dict[str, Any]]] = [
    ("list_files", {"depth": 8}),
    ("read_file", {"path": "lines"}),
    ("read_file", {"path": "lines", "offset": 8_000_000}),
    ("read_file", {"path": "wide"}),
    ("read_file", {"path": "sparse"}),
    ("edit_file", {"path": "wide", "old": "x", "new": "y" * 500_000, "everywhere": True}),
    ("edit_file", {"path": "wide", "old": "x", "new": "y", "everywhere": True}),
    ("edit_file", {"path": "wide", "old": "x" * 50_000 + "y", "new": ""}),
    ("edit_file", {"path": "sparse", "old": "x", "new": "y"}),
    ("write_file", {"path": "sparse", "content": "x"}),
    ("delete_file", {"path": "sparse"}),
    ("move_file", {"source": "sparse", "target": "there"}),
    ("move_file", {"source": "wide", "target": "a/" * 60 + "b"}),
]


@pytest.mark.parametrize(("name", "asked"), FILES, ids=lambda value: str(value)[:60])
@pytest.mark.usefixtures("large")
async def test_files(call: Caller, name: str, asked: dict[str, Any]) -> None:
    await within(call, name, **asked)


HTML = "text/html"
PAGES: dict[str, bytes] = {
    "/open-tags": reply(b"<a " * 13_000, HTML),
    "/comments": reply(b"<!--" * 100_000, HTML),
    "/entities": reply(b"&" * 1_000_000, HTML),
    "/attributes": reply(b"<a " + b"b=" * 500_000 + b">", HTML),
    "/nested": reply(b"<div>" * 500_000, HTML),
    "/declarations": reply(b"<![" * 100_000, HTML),
    "/punycode": reply(b"a-b" * 13_000, "text/plain; charset=punycode"),
    "/unknown-charset": reply(b"x", f"text/plain; charset={'x' * 20_000}"),
    "/odd-charset": reply(b"x", "text/plain; charset=unicode_escape"),
    "/invalid": reply(b"\xff" * 5_000_000, "text/plain"),
    "/binary": reply(b"\0\xff" * 2_500_000, "image/png"),
    "/brackets": reply(b"[" * 3_000_000, "application/json"),
    "/objects": reply(b"[" + b"{}," * 1_600_000 + b"0]", "application/json"),
    "/redirect": redirect("http://" + "a" * 30_000),
    "/redirect-unicode": redirect("http://" + "%C3%A4" * 5_000 + "/"),
}


@pytest.mark.parametrize("path", PAGES)
async def test_pages(call: Caller, path: str) -> None:
    async with serving(dict(PAGES)) as (address, _):
        await within(call, "http_get", url=f"http://{address}{path}")


@pytest.mark.parametrize("path", ["/brackets", "/open-tags", "/invalid", "/punycode"])
async def test_answers_of_requests(call: Caller, path: str) -> None:
    async with serving(dict(PAGES)) as (address, _):
        url = f"http://{address}{path}"
        undo = {"method": "DELETE", "url": f"http://{address}/x/{{response.id}}"}
        await within(call, "http_request", method="POST", url=url, undo=undo)


@pytest.mark.parametrize("command", ["yes | head -c 50000000", "yes '' | head -c 50000000"])
async def test_output_of_commands(call: Caller, command: str) -> None:
    await within(call, "shell", command=command)
