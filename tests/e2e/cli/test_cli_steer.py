"""Steering and reading runs by command, with and without a worker."""

from __future__ import annotations

import pytest

from tests.fakes.command import Project


def _detach(project: Project, prompt: str, *words: str) -> str:
    ended = project.command("run", prompt, "--agent", "agent.py", "--detach", "--json", *words)
    return str(ended.last["run"])


@pytest.mark.slow
def test_signals_reach_a_run_whose_worker_is_away(kept_project: Project) -> None:
    run = _detach(kept_project, "What is 2 + 2?")
    assert kept_project.command("hint", run, "be brief").code == 0
    assert kept_project.command("pause", run, "--reason", "lunch").code == 0
    ended = kept_project.command("abort", run, "--reason", "not needed")
    assert ended.code == 0
    assert "No worker is serving it" in ended.err
    card = kept_project.command("show", run, "--json").last
    assert [told["type"] for told in card["told"]] == [
        "hint_received",
        "pause_requested",
        "abort_requested",
    ]
    with kept_project.worker():
        watched = kept_project.command("watch", run, "--json")
    assert watched.code == 3
    assert watched.last["reason"] == "not needed"


@pytest.mark.slow
def test_decide_from_another_process(kept_project: Project) -> None:
    run = _detach(kept_project, "write hello to a.txt")
    away = kept_project.command("approve", run, "--json")
    assert away.code == 1
    assert away.last["error"]["code"] == "run.no_worker"
    with kept_project.worker():
        watched = kept_project.command("watch", run)  # nobody can be asked here
        assert watched.code == 4
        assert f"harness approve {run} call_1 --digest" in watched.err
        bad = kept_project.command("approve", run, "--edit", '{"amount": 90}', "--json")
        assert bad.code == 1
        assert "Nothing was decided" in bad.last["error"]["message"]
        stale = kept_project.command("approve", run, "--digest", "0123456789abcdef", "--json")
        assert stale.last["error"]["code"] == "steering.changed"
        edit = '{"path": "c.txt"}'
        made = kept_project.command("approve", run, "call_1", "--edit", edit, "--json")
        assert made.last["verdict"] == "edit"
        assert made.last["arguments"] == {"path": "c.txt", "content": "hello"}
        assert kept_project.command("watch", run, "--json").last["state"] == "completed"
        late = kept_project.command("approve", run)
        assert late.code == 1
    shown = kept_project.command("show", run)
    assert "call_1 edited by" in shown.out
    assert "wrote hello to c.txt" in shown.out


def test_a_question_is_answered(kept_project: Project) -> None:
    (kept_project.folder / "asking.py").write_text(
        "from harness import Agent\nfrom harness.tools import ask_human\n"
        "agent = Agent('asking', tools=[ask_human])\n"
    )
    ended = kept_project.command("run", "ask me which colour", "--agent", "asking.py", "--json")
    assert ended.code == 4
    run = ended.last["run"]
    with kept_project.worker("asking.py"):
        assert kept_project.command("answer", run, "blue").code == 0
        assert "blue" in kept_project.command("watch", run, "--json").last["output"]


def test_a_query_reaches_many_runs(kept_project: Project) -> None:
    runs = {_detach(kept_project, "write x to y.txt", "--session", f"many{i}") for i in range(3)}
    query = "HarnessSession IN ('many0', 'many1', 'many2')"
    unsure = kept_project.command("abort", "--query", query)
    assert unsure.code == 2
    assert "3 runs" in unsure.err
    ended = kept_project.command("abort", "--query", query, "--json")
    assert ended.code == 0
    assert {line["run"] for line in ended.lines} == runs
    terminal = kept_project.terminal("abort", "--query", query)
    terminal.until("abort 3 runs? [y/N]")
    terminal.type("n\n")
    assert terminal.end() == 0


def test_list_finds_by_state_and_session(kept_project: Project) -> None:
    run = _detach(kept_project, "What is 1 + 1?", "--session", "listed")
    found = kept_project.command("list", "--session", "listed", "--json")
    assert [line["id"] for line in found.lines] == [run]
    none = kept_project.command("list", "--session", "it's", "--json")
    assert (none.code, none.out) == (0, "")
    table = kept_project.command("list", "--agent", "calculator", "--limit", "1")
    assert len(table.out.splitlines()) == 2
    kept_project.command("abort", run)


def test_wrong_input_is_told_and_not_traced(kept_project: Project) -> None:
    cases = {
        ("show", "nobody"): (1, "run.not_found"),
        ("watch", "nobody"): (1, "run.not_found"),
        ("abort", "nobody"): (1, "run.not_found"),
        ("list", "--state", "waitng"): (2, "config.usage"),
        ("abort",): (2, "config.usage"),
        ("approve", "x", "--edit", "{"): (2, "config.usage"),
        ("run", "x", "--agent", "none.py"): (2, "config.bad_agent"),
        ("run", "x", "--budget-turns", "0"): (2, "config.usage"),
        ("run", "x", "--budget-cost", "nan"): (2, "config.usage"),
        ("chat", "--budget-cost", "inf"): (2, "config.usage"),
        ("run", "x", "--model", "nothing"): (2, "config.usage"),
    }
    for words, (code, name) in cases.items():
        ended = kept_project.command(*words, "--json")
        assert ended.last["error"]["code"] == name, (words, ended)
        assert ended.code == code, words
        assert "Traceback" not in ended.err
