"""Every built-in tool against input made to be slow or large: no call holds up the event loop."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

import harness.tools
from harness.agent import AnyTool, Tool
from harness.commons.children import Limits
from harness.contracts.tool import ToolOutcome
from harness.store import Database
from harness.tools import http_tools, shell_tools, sql_tools
from harness.tools.files import edit, search
from harness.tools.web import web
from harness_activities.tool_call.failures import MAX_ERROR
from tests.conftest import SLOWER
from tests.fakes.clerk import Table
from tests.fakes.clerk import table as table
from tests.fakes.hostile import fits, hostile_values
from tests.fakes.loop_lag import Cost, measure
from tests.fakes.sampled import sampled
from tests.fakes.tool_calls import Caller, calling
from tests.integration.tools.test_tools_http import LOCAL, Answer, redirect, reply, serving

BUDGET = Cost(lag_ms=50 * SLOWER, memory_mb=150)
"""50 ms of CPU on the reference machine."""
SHORT = Limits(seconds=0.5, memory_mb=512)
LONG = Limits(seconds=60, memory_mb=512)
SANDBOXED = ("run_shell", "run_python")
"""They have attacks of their own, and start processes for each call."""
FREE = (*http_tools(approval="never"), *shell_tools(approval="never"))
TOOLS: dict[str, AnyTool] = {
    tool.name: tool
    for tool in (*(getattr(harness.tools, name) for name in harness.tools.__all__), *FREE)
    if isinstance(tool, Tool) and tool.name not in SANDBOXED
}
NEEDS = {"ask_human": "answer", "http_request": "outcome"}
TURNS = itertools.count(1)
REFUSALS = {f"tool.{code}" for code in ("invalid_arguments", "failed", "confined", "timeout")}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FILE_SECONDS", SHORT.seconds)
    monkeypatch.setattr(edit, "LIMITS", SHORT)


def allow_time(monkeypatch: pytest.MonkeyPatch, expected: str) -> None:
    """Only what must end by time gets little of it: the machine may be busy."""
    ends_by_time = "tool.timeout" in expected or "took longer" in expected
    monkeypatch.setattr(web, "READING", SHORT if ends_by_time else LONG)


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Caller]:
    async with calling(*TOOLS.values(), root=tmp_path, http=LOCAL) as caller:
        yield caller


@pytest.fixture
async def sql(table: Table, runs_database: str) -> AsyncIterator[Caller]:
    await table.run("CREATE TABLE t (id int PRIMARY KEY, a text)", "INSERT INTO t VALUES (1, 'a')")
    database = Database(runs_database, pool_size=1)
    async with calling(*sql_tools(schemas=[table.schema]), database=database) as caller:
        yield caller
    await database.close()


async def within(call: Caller, name: str, expected: str | None = None, **arguments: Any) -> str:
    """What the call comes to, of its first try: a result, or a refusal in words of ours."""
    outcomes: list[ToolOutcome | str] = []

    async def made() -> None:
        try:
            outcome = await call.request(name, arguments, turn=next(TURNS), approved=True)
        except ApplicationError as error:  # to be made again by the engine
            assert error.type == "tool.temporary", error
            outcome = error.message
        outcomes.append(outcome)

    cost = await measure(made, BUDGET)
    assert cost.lag_ms <= BUDGET.lag_ms, (name, cost)
    assert cost.memory_mb <= BUDGET.memory_mb, (name, cost)
    text = words_of(name, outcomes[0])
    assert expected is None or expected in text, (name, text[:500])
    return text


def words_of(name: str, outcome: ToolOutcome | str) -> str:
    if isinstance(outcome, str):
        return f"tool.temporary: {outcome}"
    if outcome.need is not None:
        assert NEEDS.get(name) == outcome.need, outcome
        return outcome.reason or ""
    assert outcome.result is not None, outcome
    content = outcome.result.content
    if outcome.failure is None:
        assert outcome.result.error is None, content
        return content
    assert outcome.failure.code in REFUSALS, outcome.failure
    assert len(content) <= MAX_ERROR + 100, len(content)  # the note on what was cut
    # Words of ours, not the text of an exception that nobody expected.
    assert not re.match(rf"({name} failed: )?\w+(Error|Exception):", content), content[:500]
    return f"{outcome.failure.code}: {content}"


def benign(address: str) -> dict[str, tuple[dict[str, Any], str]]:
    """Of each tool a call that works, and what its result shows. The files are gone after it."""
    url = f"http://{address}/"
    return {
        "ask_human": ({"question": "Which one?"}, "Which one?"),
        "delete_file": ({"path": "a"}, "Deleted a"),
        "echo": ({"text": "hello"}, "hello"),
        "edit_file": ({"path": "a", "old": "one", "new": "two"}, "Edited a"),
        "http_get": ({"url": url}, "hello"),
        "http_request": ({"method": "POST", "url": url, "body": {"a": 1}}, "hello"),
        "list_files": ({"path": "."}, "a  3 B"),
        "math": ({"expression": "6*7"}, "42"),
        "move_file": ({"source": "a", "target": "b"}, "Moved a to b"),
        "now": ({"zone": "Europe/Berlin"}, "day)"),
        "read_file": ({"path": "a"}, "one"),
        "search_files": ({"pattern": "one"}, "a:1"),
        "shell": ({"command": "echo hello"}, "hello"),
        "sql_execute": ({"statement": "UPDATE t SET a = $1", "params": ["b"]}, "Updated 1"),
        "sql_query": ({"query": "SELECT a FROM t WHERE a = $1", "params": ["a"]}, '[["a"]]'),
        "sql_tables": ({}, "a text"),
        "write_file": ({"path": "b", "content": "two"}, "Created b"),
    }


SQL = [name for name in TOOLS if name.startswith("sql")]


@pytest.mark.parametrize("name", sampled([name for name in TOOLS if name not in SQL]))
async def test_arguments(call: Caller, tmp_path: Path, name: str) -> None:
    await try_arguments(call, tmp_path, name)


@pytest.mark.parametrize("name", sampled(SQL))
async def test_arguments_of_sql(sql: Caller, tmp_path: Path, name: str) -> None:
    """The memory is the worker's: that of Postgres has limits of its own."""
    await try_arguments(sql, tmp_path, name)


async def try_arguments(call: Caller, folder: Path, name: str) -> None:
    """Each argument of a tool, the others being right: what does not fit is refused by name."""
    parameters = TOOLS[name].spec.parameters
    async with serving({"/": reply(b"hello")}) as (address, _):
        arguments, expected = benign(address)[name]
        (folder / "a").write_text("one")
        await within(call, name, expected, **arguments)
        for parameter, schema in parameters["properties"].items():
            whole = {**schema, "$defs": parameters.get("$defs", {})}
            for kind, value in hostile_values(schema):
                (folder / "a").write_text("one")
                text = await within(call, name, **{**arguments, parameter: value})
                is_named = re.search(rf"^- {parameter}\b|nested too deeply", text, re.MULTILINE)
                refused = text.startswith("tool.invalid_arguments: ")
                assert is_named if refused else fits(whole, value), (parameter, kind, text[:500])


EXPRESSIONS = {
    "round(1,-60000000)": "0",
    "9**9**9": "too large",
    "factorial(400)" + "*factorial(400)" * 20: "too large",
    "(" * 250: "has no value",
    "-" * 499 + "1": "has no value",
    "lcm(" + "2**4095-1," * 45 + "3)": "too large",
}


@pytest.mark.parametrize("expression", sampled(EXPRESSIONS))
async def test_expressions(call: Caller, expression: str) -> None:
    await within(call, "math", EXPRESSIONS[expression], expression=expression)


SEARCHES: list[tuple[dict[str, Any], str]] = [
    ({"pattern": "(a+)+$", "regex": True}, "tool.timeout: Matching one file"),
    ({"pattern": "(" * 100, "regex": True}, "The regular expression is wrong: missing )"),
    ({"pattern": "(?:a{1000}){1000}", "regex": True}, "tool.timeout: Matching one file"),
    ({"pattern": "b", "files": "[!" * 100}, "(nothing found)"),
    ({"pattern": "b", "files": "*a" * 100}, "(nothing found)"),
    ({"pattern": "missing", "ignore_case": True}, "tool.timeout: Matching one file"),
    ({"pattern": "\ud800"}, "- pattern: "),
]


@pytest.mark.parametrize(
    ("asked", "expected"), sampled(SEARCHES), ids=lambda value: str(value)[:60]
)
async def test_searches(call: Caller, tmp_path: Path, asked: dict[str, Any], expected: str) -> None:
    (tmp_path / ("a" * 250)).write_bytes(b"a" * 64 + b"!")
    (tmp_path / "lines").write_bytes(b"\n" * search.MAX_FILE)
    (tmp_path / "wide").write_bytes(b"\xff" * search.MAX_FILE)
    await within(call, "search_files", expected, **asked)


@pytest.fixture
def large(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"\n" * (8 << 20))
    (tmp_path / "wide").write_bytes(b"x" * (8 << 20))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(60 << 30)
    for n in range(100):
        (tmp_path / f"n{n}").touch()


TOO_LARGE = "'sparse' has 64,424,509,440 bytes"
FILES: list[tuple[str, dict[str, Any], str]] = [
    ("list_files", {"depth": 8}, "sparse  64,424,509,440 B"),
    ("read_file", {"path": "lines"}, "\n\n"),
    ("read_file", {"path": "lines", "offset": 8_000_000}, "\n\n"),
    ("read_file", {"path": "wide"}, "[line cut]"),
    ("read_file", {"path": "sparse"}, "'sparse' is not a text file"),
    ("edit_file", {"path": "wide", "old": "x", "new": "y" * 500_000, "everywhere": True},
     "'wide' would grow to"),
    ("edit_file", {"path": "wide", "old": "x", "new": "y", "everywhere": True}, "Edited wide."),
    ("edit_file", {"path": "wide", "old": "x" * 50_000 + "y", "new": ""},
     "'wide' does not contain this text"),
    ("edit_file", {"path": "sparse", "old": "x", "new": "y"}, TOO_LARGE),
    ("write_file", {"path": "sparse", "content": "x"}, TOO_LARGE),
    ("delete_file", {"path": "sparse"}, TOO_LARGE),
    ("move_file", {"source": "sparse", "target": "there"}, "Moved sparse to there."),
    ("move_file", {"source": "wide", "target": "a/" * 60 + "b"}, "Moved wide to a/a/"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asked", "expected"), sampled(FILES), ids=lambda value: str(value)[:60]
)
@pytest.mark.usefixtures("large")
async def test_files(call: Caller, name: str, asked: dict[str, Any], expected: str) -> None:
    await within(call, name, expected, **asked)


MUCH = "repeat('x', 20000000)"
STATEMENTS: list[tuple[str, str, list[Any], str]] = [
    ("sql_query", f"SELECT {MUCH}", [], "exceed 8,000,000 bytes"),
    ("sql_query", "SELECT repeat('x', 2000000000)", [], "tool.failed: Postgres: "),
    ("sql_query", "SELECT generate_series(1, 1000000000)", [], "There are more than 100."),
    ("sql_query", "SELECT " + "(" * 9_000, [], "tool.failed: Postgres: "),
    ("sql_query", "SELECT 1" + "+1" * 9_000, [], "tool.failed: Postgres: "),
    ("sql_query", "SELECT $1::text", ["x" * 1_900_000], "xxx"),
    ("sql_query", "SELECT $1::int", [10**400], "tool.failed: Postgres: "),
    ("sql_query", "SELECT '((((((a+)+)+)+)+)+$' ~ a FROM t; SELECT 1", [], "multiple commands"),
    ("sql_execute", f"UPDATE t SET a = {MUCH}", [], "constants that are too large"),
    ("sql_execute", "UPDATE t SET a = repeat('x', $1)", [20_000_000], "exceed 8,000,000 bytes"),
    ("sql_execute", "INSERT INTO t SELECT n FROM generate_series(2, 9999) AS n", [],
     "more than 1,000 rows"),
    ("sql_execute", "UPDATE t SET a = " + "(" * 9_000, [], "tool.failed: Postgres: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "params", "expected"), sampled(STATEMENTS), ids=lambda value: str(value)[:40]
)
async def test_statements(
    sql: Caller, name: str, text: str, params: list[Any], expected: str
) -> None:
    first = "query" if name == "sql_query" else "statement"
    await within(sql, name, expected, **{first: text, "params": params})


HTML = "text/html"
PAGES: dict[str, tuple[bytes, str]] = {
    "/open-tags": (reply(b"<a " * 13_000, HTML), "tool.timeout: "),
    "/comments": (reply(b"<!--" * 100_000, HTML), "tool.timeout: "),
    "/entities": (reply(b"&" * 1_000_000, HTML), "&&&"),
    "/attributes": (reply(b"<a " + b"b=" * 500_000 + b">", HTML), "HTTP 200 text/html"),
    "/nested": (reply(b"<div>" * 500_000, HTML), "tool.timeout: "),
    "/declarations": (reply(b"<![" * 100_000, HTML), "tool.failed: The page"),
    "/punycode": (reply(b"a-b" * 13_000, "text/plain; charset=punycode"), "a-ba-b"),
    "/unknown-charset": (reply(b"x", f"text/plain; charset={'x' * 20_000}"), "HTTP 200"),
    "/odd-charset": (reply(b"x", "text/plain; charset=unicode_escape"), "\n\nx"),
    "/quoted-type": (reply(b"hi", f'text/html;"{";" * 90_000}'), "\n\nhi"),
    "/cookies": (reply(b"hi", set_cookie="a=b", set_cookie2="a=b," * 22_000), "\n\nhi"),
    "/many-types": (
        reply(b"hi", x="\r\n".join(["y", *["content-type:;"] * 5_000])),
        "\n\nhi",
    ),
    "/invalid": (reply(b"\xff" * 5_000_000, "text/plain"), "exceeds 8 MB"),
    "/binary": (reply(b"\0\xff" * 2_500_000, "image/png"), "(binary data)"),
    "/brackets": (reply(b"[" * 3_000_000, "application/json"), "[[["),
    "/objects": (reply(b"[" + b"{}," * 1_600_000 + b"0]", "application/json"), "[{},{}"),
    "/redirect": (redirect("http://" + "a" * 30_000), "redirects to an address of 30,007"),
    "/redirect-unicode": (redirect("http://" + "%C3%A4" * 5_000 + "/"), "an address of 30,008"),
}
REPLIES: dict[str, bytes | Answer] = {path: page for path, (page, _) in PAGES.items()}


@pytest.mark.parametrize("path", sampled(PAGES))
async def test_pages(call: Caller, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_time(monkeypatch, PAGES[path][1])
    async with serving(REPLIES) as (address, _):
        await within(call, "http_get", PAGES[path][1], url=f"http://{address}{path}")


ANSWERS = {
    "/brackets": "[[[",
    "/open-tags": "the answer could not be read: It took longer",
    "/invalid": "the answer could not be read: The result exceeds 8 MB",
    "/punycode": "a-ba-b",
    "/quoted-type": "\n\nhi",
    "/cookies": "\n\nhi",
}


@pytest.mark.parametrize("path", sampled(ANSWERS))
async def test_answers_of_requests(
    call: Caller, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_time(monkeypatch, ANSWERS[path])
    async with serving(REPLIES) as (address, _):
        url = f"http://{address}{path}"
        undo = {"method": "DELETE", "url": f"http://{address}/x/{{response.id}}"}
        await within(call, "http_request", ANSWERS[path], method="POST", url=url, undo=undo)


@pytest.mark.parametrize("taken", ["{response}", "{response.a}", "{response.b}"])
async def test_undos_of_requests(call: Caller, taken: str) -> None:
    content = b'{"a": "%b", "b": [%b0]}' % (b"x" * 2_500_000, b"{}," * 200_000)
    async with serving({"/": reply(content, "application/json")}) as (address, _):
        url = f"http://{address}/"
        undo = {"method": "PUT", "url": url + taken * 10, "body": [taken] * 10}
        await within(call, "http_request", "cannot be undone", method="POST", url=url, undo=undo)
        undo |= {"url": url}
        await within(call, "http_request", "cannot be undone", method="POST", url=url, undo=undo)


@pytest.mark.parametrize("command", ["yes | head -c 50000000", "yes '' | head -c 50000000"])
async def test_output_of_commands(call: Caller, command: str) -> None:
    await within(call, "shell", "exit code 0", command=command)
