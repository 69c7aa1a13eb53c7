"""`harness care` on the stack and through a daemon: what it prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.cli.parser import UsageError
from harness.terminal import exit_codes
from tests.fakes.prometheus import PrometheusServer
from tests.fakes.runs import eventually
from tests.fakes.telemetry import answer, serve_telemetry, succeed
from tests.integration.remote.conftest import Places

LOKI = (
    "logs: The address of Loki is not configured. Set url under [care.logs] in harness.toml. "
    "Loki is on grafana.com; Debian's package loki is something else."
)


@pytest.fixture
def care(places: Places, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("HARNESS_CARE__METRICS__URL", options["care"]["metrics"]["url"])
    return places


@pytest.mark.slow
async def test_a_subject_is_added_checked_shown_and_removed(
    care: Places, subject_folder: Path, name: str
) -> None:
    empty = await care.stack("care", "subject")
    assert (empty.code, empty.out) == (exit_codes.DONE, "")
    added = await care.stack("care", "subject", "add", str(subject_folder), "--json")
    assert (added.code, added.last) == (
        exit_codes.DONE,
        {"added": name, "invariants": 4, "warnings": [LOKI]},
    )
    shown = await care.stack("care", "subject", "show", name, "--json")
    assert shown.last["folder"] == str(subject_folder) and len(shown.last["invariant"]) == 4
    assert "invariant many: " in (await care.stack("care", "subject", "show", name)).out
    [listed] = (await care.stack("care", "subject", "list", "--json")).lines
    assert (listed["name"], sum(listed["states"].values())) == (name, 4)

    checked = await care.stack("care", "subject", "check", name, "--json")
    good = {each["check"]: each.get("good") for each in checked.lines}
    # It is no git repository, so an agent could change nothing. Loki is missing.
    assert good == {
        "definition": True, "git": False, "health": True, "metrics": True, "logs": None,
        "queries": None, "test": True,
    }  # fmt: skip
    assert checked.code == exit_codes.FAILED
    file = subject_folder / "subject.toml"
    file.write_text(file.read_text() + "# edited\n")
    again = (await care.stack("care", "subject", "check", name)).out
    assert "FAIL definition" in again and "has changed since it was added" in again
    assert "ok   test       all good" in again

    removed = await care.stack("care", "subject", "remove", name)
    assert removed.code == exit_codes.DONE
    for action in ("show", "check", "remove"):
        missing = await care.stack("care", "subject", action, name)
        assert (missing.code, missing.error and missing.error["code"]) == (
            exit_codes.FAILED, "care.no_subject",
        )  # fmt: skip


async def test_a_folder_without_a_definition(care: Places, tmp_path: Path) -> None:
    found = await care.stack("care", "subject", "add", str(tmp_path / "nowhere"))
    assert (found.code, found.error and found.error["code"]) == (
        exit_codes.FAILED, "care.bad_subject",
    )  # fmt: skip
    for action in ("add", "show", "check", "remove"):
        with pytest.raises(UsageError, match="needs"):
            await care.stack("care", "subject", action)
    (tmp_path / "api.toml").write_text("")
    file = await care.stack("care", "subject", "add", str(tmp_path / "api.toml"))
    assert file.error and f"{tmp_path}/api.toml is a file." == file.error["message"]
    assert "Pass the folder" in file.error["fix"]


async def test_the_file_of_a_definition_stands_for_its_folder(
    care: Places, subject_folder: Path, name: str
) -> None:
    added = await care.stack("care", "subject", "add", str(subject_folder / "subject.toml"))
    assert f"Added {name} with 4 invariants" in added.out
    shown = await care.stack("care", "subject", "show", name, "--json")
    assert shown.last["folder"] == str(subject_folder)


async def test_invariants(care: Places, subject_folder: Path, name: str) -> None:
    await care.stack("care", "subject", "add", str(subject_folder))
    times = ("--for", "5", "--keep", "90s", "--window", "2m")
    words = ("care", "invariant", "add", name, "mine", "up", ">=", "1", *times, "--json")
    for run in (care.stack, care.daemon):
        added = await run(*words)
        assert added.code == exit_codes.DONE, added
        assert (added.last["threshold"], added.last["for_seconds"]) == (1.0, 5.0)
        assert (added.last["keep_seconds"], added.last["window_seconds"]) == (90.0, 120.0)
        assert "mine" in (await run("care", "invariant", "list", name)).out
        assert len((await run("care", "invariant", "--json")).lines) == 5
        removed = await run("care", "invariant", "remove", name, "mine")
        assert (removed.code, removed.out) == (exit_codes.DONE, f"Removed mine of {name}.\n")
        gone = await run("care", "invariant", "remove", name, "mine")
        assert gone.error and gone.error["code"] == "care.no_invariant"
        bad = await run("care", "invariant", "add", name, "mine", "sum(", "<", "1")
        assert bad.error and bad.error["code"] == "care.bad_query"
        assert "harness care query" in bad.error["fix"]
    below = ("care", "invariant", "add", name, "below", "up", ">=", "-5")
    assert (await care.stack(*below, "--json")).last["threshold"] == -5.0
    refused = await care.daemon(*words, user="viewer")
    assert refused.error and refused.error["code"] == "access.not_allowed", refused


async def test_refused_queries_refuse_a_subject(
    care: Places, subject_folder: Path, name: str, prometheus: PrometheusServer
) -> None:
    file = subject_folder / "subject.toml"
    good = file.read_text()
    file.write_text(
        good.replace("nothing_has_this_name", "sum(").replace("query = 'up{", "query = 'up{{")
    )
    refused = await care.stack("care", "subject", "add", str(subject_folder))
    assert refused.error and refused.error["code"] == "care.bad_subject", refused
    for words in ("invariant up: Prometheus refused", "invariant absent: Prometheus refused"):
        assert words in refused.error["message"]
    assert (await care.stack("care", "subject", "list")).out == ""
    file.write_text(good.replace('query = "nothing_has_this_name"', "query = \"'text'\""))
    text = await care.stack("care", "subject", "add", str(subject_folder))
    assert text.error and "invariant absent: The query returns a text" in text.error["message"]
    # A server that is away is a warning, and says what to do.
    file.write_text(good)
    prometheus.kill()
    added = await care.stack("care", "subject", "add", str(subject_folder), "--json")
    assert added.code == exit_codes.DONE
    assert "apt-get install prometheus" in added.last["warnings"][0], added
    checked = (await care.stack("care", "subject", "check", name)).out
    assert "-    queries" in checked and "FAIL metrics" in checked


MISTAKES: tuple[tuple[str, ...], ...] = (
    ("invariant", "add", "api"),
    ("invariant", "add", "api", "mine", "up", "<", "many"),
    ("invariant", "add", "api", "mine", "up", "<>", "1"),
    ("invariant", "add", "api", "a b", "up", "<", "1"),
    ("invariant", "add", "api", "mine", "up", "<", "1", "--recover", "2"),
    ("invariant", "remove", "api"),
    ("invariant", "list", "a", "b"),
    ("subject", "list", "a"),
    ("query", ""),
    ("query", "up", "--limit", "0"),
    ("query", "up", "--limit", "-3"),
    ("query", "up", "--limit", "5001"),
    ("query", "up", "--since", "100d"),
    ("query", "up", "--since", "0s"),
    ("query", "up", "--since", "soon"),
    ("query", "x" * 20_001),
)


async def test_mistakes_are_bad_usage(care: Places) -> None:
    for words in MISTAKES:
        with pytest.raises(UsageError):
            await care.stack("care", *words)


async def test_status_fails_if_something_does_not_hold(
    care: Places, subject_folder: Path, name: str
) -> None:
    empty = await care.stack("care", "status", "--json")
    assert (empty.code, empty.last["subjects"]) == (exit_codes.DONE, [])
    await care.stack("care", "subject", "add", str(subject_folder))

    async def read() -> Any:
        return await care.stack("care", "status", "--json")

    failed = await eventually(read, lambda found: found.code == exit_codes.FAILED, 40)
    assert {each["name"] for each in failed.last["failing"]} == {"odd", "absent", "many"}
    text = (await care.daemon("care", "status", user="viewer")).out
    assert "1 holds, 1 no_data, 1 unreachable, 1 violated" in " ".join(text.split())
    file = subject_folder / "subject.toml"
    head, *parts = file.read_text().split("[[invariant]]")
    file.write_text(f"{head}[[invariant]]{parts[0]}")
    await care.stack("care", "subject", "add", str(subject_folder))
    assert (await care.stack("care", "status")).code == exit_codes.DONE


async def test_queries(care: Places) -> None:
    for run in (care.stack, care.daemon):
        now = await run("care", "query", "up")
        assert now.code == exit_codes.DONE and "SERIES" in now.out and 'job="self"' in now.out
        plot = (await run("care", "query", "up", "--since", "1m")).out
        assert "┤" in plot and "median 1" in plot
        data = (await run("care", "query", "up", "--since", "1m", "--json")).last
        assert data["curves"][0]["last"] == 1.0
        assert len((await run("care", "query", "{job='self'}", "--json", "--limit", "2")).last[
            "curves"
        ]) == 2  # fmt: skip
        nothing = await run("care", "query", "nothing_has_this_name")
        assert (nothing.code, nothing.out) == (exit_codes.DONE, "")
        refused = await run("care", "query", "sum(")
        assert refused.error and refused.error["code"] == "care.bad_query"
        assert refused.error["fix"] == "Correct the query.", "not: run what you just ran"
        assert refused.code == exit_codes.FAILED
        logs = await run("care", "query", '{a="b"}', "--logs")
        assert logs.error and logs.error["code"] == "care.no_source"


async def test_a_source_that_is_gone(care: Places, prometheus: PrometheusServer) -> None:
    prometheus.kill()
    for run in (care.stack, care.daemon):
        gone = await run("care", "query", "up")
        assert gone.error and gone.error["code"] == "care.unreachable", gone


async def test_hostile_lines_are_shown_as_text(
    care: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "one\ntwo", "[red]x[/red]"]
    values = [[str(10**18 + at * 10**9), text] for at, text in enumerate(texts)]
    data = {"resultType": "streams", "result": [{"stream": {"a": "b"}, "values": values}]}
    async with serve_telemetry(answer(succeed(data))) as server:
        monkeypatch.setenv("HARNESS_CARE__LOGS__URL", server.url)
        shown = (await care.stack("care", "query", '{a="b"}', "--logs")).out.splitlines()
    assert [line.partition("  ")[2] for line in shown] == [
        "[red]x[/red]", "one\\ntwo", "<U+202E>gnp.exe", "<U+001B>[2J<U+001B>]0;owned<U+0007>",
    ]  # fmt: skip
