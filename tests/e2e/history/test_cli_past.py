"""Looking back from the command line: trace, export, replay, diff, fork."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from harness.history.export import load_recording
from tests.fakes.command import Ended, Project, harness_command


@pytest.fixture
def run(kept_project: Project) -> str:
    """A run that has ended: two turns, one call."""
    kept_project.command("run", "What is 3 * 7?", "--id", "past", "--json")
    return "past"


def test_trace(kept_project: Project, run: str) -> None:
    shown = kept_project.command("trace", run)
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert "run started" in lines[0]
    assert "queued" in shown.out
    assert "tokens" in shown.out
    assert "completed" in lines[-1]
    events = kept_project.command("trace", run, "--json").lines
    assert kept_project.command("trace", run, "--json", "--follow").lines == events
    assert kept_project.command("trace", run, "--json", "--from", "3").lines == events[2:]
    cursor = "{run_id}/{event_id}/{place}".format(**events[3]["cursor"])
    assert kept_project.command("trace", run, "--json", "--from", cursor).lines == events[3:]
    replies = kept_project.command("trace", run, "--json", "--kind", "model_replied").lines
    assert replies == [each for each in events if each["type"] == "model_replied"]
    assert "█" in kept_project.command("trace", run, "--timeline").out


def test_trace_as_a_page(kept_project: Project, run: str) -> None:
    assert kept_project.command("trace", run, "--html", "run.html").code == 0
    text = (kept_project.folder / "run.html").read_text("utf-8")
    assert "default-src 'none'" in text
    assert "http://" not in text
    assert "https://" not in text
    assert "<script" not in text
    assert text.count("<details>") == len(kept_project.command("trace", run, "--json").lines)


def test_an_exported_run_reads_the_same(kept_project: Project, run: str) -> None:
    live = kept_project.command("trace", run, "--json").lines
    words = ("export", run, "-o", "kept.json", "--force", "--json")
    exported = kept_project.command(*words).last
    assert exported["events"] == len(live)
    assert exported["missing"] == []
    assert kept_project.command("trace", "kept.json", "--json").lines == live
    same = kept_project.command("replay", "kept.json", run, "--json").lines
    assert [each["ok"] for each in same] == [True, True]
    found = kept_project.command("replay", "--since", "1h", "--json")
    assert found.code == 0
    assert run in {each["run"] for each in found.lines}
    assert kept_project.command("diff", run, "kept.json").out.startswith("No difference")


def test_a_replay_whose_output_cannot_be_written_says_so_in_one_line(
    kept_project: Project, run: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            harness_command("replay", run, run), cwd=kept_project.folder, stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "harness: The output cannot be written: No space left on device.\n"


def test_a_damaged_export(kept_project: Project, run: str) -> None:
    kept_project.command("export", run, "-o", "kept.json", "--force")
    file: Path = kept_project.folder / "kept.json"
    file.write_text(file.read_text("utf-8").replace('"turns"', '"turn5"').replace("T", "U", 1))
    for words in (("trace", "kept.json"), ("replay", "kept.json"), ("fork", "kept.json", "--at=1")):
        ended = kept_project.command(*words)
        assert ended.code == 1
        assert "cannot be used" in ended.err


def test_fork(kept_project: Project, run: str) -> None:
    forked = kept_project.command(
        "fork",
        run,
        "--at",
        "1",
        "--hint",
        "And 4 * 4?",
        "--agent",
        "harness.cli.runs.assistant",
        "--json",
    )
    assert forked.code == 0, forked.err
    assert "16" in forked.last["output"]
    id = forked.last["run"]
    card = kept_project.command("show", id, "--json").last
    assert card["parent"] == {"run": run, "turn": 1}
    base = kept_project.command("show", run, "--json").last
    assert id in base["forks"]
    [row] = kept_project.command("list", "--forks-of", run, "--limit", "1", "--json").lines
    assert row["fork_of"] == run
    parted = kept_project.command("diff", run, id, "--json").last
    assert parted["turn"] == 2
    assert "fork of past at turn 1" in kept_project.command("trace", id).out


def test_which_code_ran_and_where(kept_project: Project, run: str) -> None:
    card = kept_project.command("show", run, "--json").last
    [worker] = card["workers"]
    assert worker["build"].startswith("harness-")
    assert worker["name"].rpartition("/")[2].isdigit()
    assert card["spec"]["tools"]
    assert card["spec"]["instructions"]
    text = kept_project.command("show", run).out
    assert f"ran on   {worker['name']}" in text
    assert "instructions: " in text
    assert worker["name"] not in kept_project.command("trace", run).out
    assert f"on {worker['name']}" in kept_project.command("trace", run, "--workers").out


def test_a_fork_that_nothing_serves_says_so(kept_project: Project, run: str) -> None:
    prompt = kept_project.folder / "prompt.txt"
    prompt.write_text("Be brief.")
    forked = kept_project.command("fork", run, "--at", "1", "--prompt", "prompt.txt")
    assert forked.code == 0
    assert "No worker is serving this run" in forked.err
    assert "harness worker" in forked.err


def refused(ended: Ended, code: int, words: str) -> None:
    assert ended.code == code
    assert words in ended.err


@pytest.mark.slow
def test_bad_use(kept_project: Project, run: str) -> None:
    command = kept_project.command
    refused(command("trace", "nobody"), 1, "There is no run 'nobody'")
    refused(command("trace", run, "--kind", "model_repied"), 2, "Did you mean model_replied?")
    refused(command("trace", run, "--from", "x"), 2, "neither a number nor a cursor")
    refused(command("trace", run, "--from", "a/1/0"), 1, "no event with the cursor")
    refused(command("trace", run, "--from", "0"), 2, "must be 1 or more")
    assert "there is no event 99" in command("trace", run, "--from", "99").err
    refused(command("undo", run, "--past", "x", "--dry-run"), 1, "Call 'x' of run")
    refused(command("diff", run, "nobody"), 1, "There is no run 'nobody'")
    refused(command("effects", "nobody"), 1, "There is no run 'nobody'")
    refused(command("fork", run, "--at", "9"), 1, "has no turn 9")
    refused(command("fork", run, "--at", "2"), 1, "nothing to reply to")
    refused(command("fork", run, "--at", "1", "--edit-tool-result", "x"), 2, "names no call")
    refused(command("fork", run, "--at", "1", "--edit-tool-result", "x=1"), 1, "no tool result 'x'")
    refused(command("fork", run, "--at", "1", "--agent", "agent.py:other"), 2, "belongs to agent")
    refused(command("fork", "none.json", "--at", "1"), 1, "cannot be read")
    refused(command("list", "--archived", "--forks-of", run), 2, "has no index of forks")
    refused(command("list", "--since", "soon"), 2, "must be a duration, not 'soon'")
    assert command("list", "--since", "1d", "--json").lines
    refused(command("replay"), 2, "No run is named.")
    refused(command("replay", "--since", "soon"), 2, "must be a duration")
    refused(command("export", "nobody"), 1, "There is no run 'nobody'")
    assert json.loads(command("export", run, "-o", "-").out)["run"] == run
    (line,) = command("export", run, "-o", "-", "--json").lines
    assert load_recording(json.dumps(line), Path("stdout")).run == run
