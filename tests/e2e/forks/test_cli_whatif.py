"""`harness whatif` as a user has it: tables, pages, errors, Ctrl-C."""

from __future__ import annotations

import signal
import time

import pytest

from tests.fakes.command import GUARD_S, Ended, Project

SERVED = ("--agent", "harness.cli.runs.assistant")


@pytest.fixture
def run(kept_project: Project) -> str:
    """A run that has ended: two turns, one call."""
    kept_project.command("run", "What is 3 * 7?", "--id", "known", "--json")
    return "known"


def test_a_run_is_asked(kept_project: Project, run: str) -> None:
    asked = kept_project.command("whatif", run, "--at", "0", "--n", "2", *SERVED, "--json")
    assert asked.code == 0, asked.err
    *forks, last = asked.lines
    assert [(each["source"], each["verdict"]) for each in forks] == [(run, "same")] * 2
    assert [call["how"] for call in forks[0]["calls"]] == ["played"]
    summary = last["summary"]
    assert (summary["same"], summary["complete"], summary["sources"][0]["recorded"]) == (2, True, 1)
    card = kept_project.command("show", forks[0]["run"], "--json").last
    assert card["parent"] == {"run": run, "turn": 0}
    traced = kept_project.command("trace", forks[0]["run"]).out
    assert "what-if: no tool runs" in traced
    assert "played back" in traced


def test_for_people_with_a_page(kept_project: Project, run: str) -> None:
    kept_project.command("export", run, "-o", "asked.json")
    words = ("--at", "1", "--hint", "And 4 * 4?", "--n", "1", "--html", "w.html", *SERVED)
    asked = kept_project.command("whatif", run, "asked.json", *words)
    assert asked.code == 0, asked.err
    assert "What if, after turn 1: hint: And 4 * 4?" in asked.out
    assert "1 call (1 refused)" in asked.out
    assert "2 of 2  different" in asked.err
    page = (kept_project.folder / "w.html").read_text("utf-8")
    assert "2 runs, 2 forks" in page
    assert page.count("<circle") == 2


def test_past_runs_are_found_and_what_ifs_are_none(kept_project: Project, run: str) -> None:
    query = "WorkflowId STARTS_WITH 'known'"
    kept_project.command("whatif", run, "--at", "0", "--n", "1", *SERVED)
    found = kept_project.command(
        "whatif", "--since", "1h", "--query", query, "--at", "0", "--n", "1", *SERVED, "--json",
        "--yes",
    )  # fmt: skip
    assert found.code == 0, found.err
    assert [each["source"] for each in found.lines[:-1]] == [run]
    none = kept_project.command("whatif", "--query", "WorkflowId = 'nobody'", "--at", "0", "--json")
    assert (none.code, none.out) == (0, "")


def test_ctrl_c_aborts_the_forks(kept_project: Project) -> None:
    kept_project.command("run", "Say hello", "--id", "brief", "--json")
    running = ("list", "--json", "--query", "ExecutionStatus = 'Running'")
    others = {each["id"] for each in kept_project.command(*running).lines}
    hint = ("--hint", "Slowly count to 900")
    process = kept_project.start("whatif", "brief", "--at", "0", "--n", "2", *hint, *SERVED)
    deadline = time.monotonic() + GUARD_S
    found: set[str] = set()
    while len(found) < 2 and time.monotonic() < deadline:
        found = {each["id"] for each in kept_project.command(*running).lines} - others
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=GUARD_S)
    assert process.returncode == 130, err
    assert "Aborting the forks" in err
    states = [kept_project.command("show", each, "--json").last for each in found]
    assert [(each["state"], each["reason"]) for each in states] == [
        ("aborted", "the what-if was cancelled")
    ] * 2


def refused(ended: Ended, code: int, words: str) -> None:
    assert ended.code == code, ended.err
    assert (ended.err + ended.out).count(words) == 1


def test_bad_use(kept_project: Project, run: str) -> None:
    command = kept_project.command
    refused(command("whatif", "--at", "0"), 2, "No run is named.")
    refused(command("whatif", run, "--since", "1d", "--at", "0"), 2, "not both")
    refused(command("whatif", "--since", "often", "--at", "0"), 2, "must be a duration")
    refused(command("whatif", run, "--at", "0", "--n", "0"), 2, "needs at least one fork")
    refused(command("whatif", run, "--at", "0", "--n", "100000000"), 2, "forks of each run")
    found = ("--query", f"WorkflowId = '{run}'", "--at", "0", "--n", "3")
    refused(command("whatif", *found), 2, "Starts 3 forks of 1 run, at least one model call")
    refused(command("whatif", run, "--at", "0", "--edit-tool-result", "x"), 2, "names no call")
    none = ("--n", "1", *SERVED)
    refused(command("whatif", "nobody", "--at", "0", *none), 1, "There is no run 'nobody'")
    refused(command("whatif", run, "--at", "7", *none), 1, "has no turn 7")
    other = ("--n", "1", "--agent", "agent.py:agent")
    refused(command("whatif", run, "--at", "0", *other), 1, "belongs to agent 'assistant'")
    edit = ("--edit-tool-result", "call_9=x")
    refused(command("whatif", run, "--at", "1", *edit, *none), 1, "no tool result 'call_9'")


@pytest.mark.slow
def test_forks_that_nobody_serves(kept_project: Project, run: str) -> None:
    alone = ("--at", "0", "--n", "1", "--json")
    assert kept_project.command("whatif", run, *alone).code == 0, "the built-in agent is here"
    agent = ("--agent", "agent.py:agent", "--id", "summed", "--json")
    assert kept_project.command("run", "What is 3 * 7?", *agent).code == 0
    asked = kept_project.command("whatif", "summed", *alone)
    assert asked.code == 1
    [source] = asked.last["summary"]["sources"]
    assert source["error"]["code"] == "run.no_worker"
    open = kept_project.command("list", "--json", "--query", "ExecutionStatus = 'Running'")
    assert open.lines == []
