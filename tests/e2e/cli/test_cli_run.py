"""`harness run` and `watch` as a program and as a person use them."""

from __future__ import annotations

import os

import pytest

from tests.fakes.command import Project

SLOW = "say slowly " + " ".join(f"w{number}" for number in range(300))


def test_json_is_one_object_a_line_and_nothing_else(kept_project: Project) -> None:
    ended = kept_project.command("run", "What is 2 + 2?", "--agent", "agent.py:agent", "--json")
    assert ended.code == 0, ended.err
    assert ended.last["state"] == "completed"
    assert "2+2 = 4" in ended.last["output"]
    assert ended.last["url"].endswith(ended.last["run"])
    types = [line.get("type") for line in ended.lines[:-1]]
    assert types[0] == "run_started"
    assert types[-1] == "run_ended"
    assert "a tool that prints" in ended.err


def test_streamed_text_adds_up_to_the_reply(kept_project: Project) -> None:
    ended = kept_project.command("run", "count to 30", "--json")
    text = ""
    for line in ended.lines[:-1]:
        if line["type"] == "output_reset":
            text = ""
        if line["type"] == "output_delta":
            text += line["text"]
    assert text == ended.last["output"] == " ".join(str(n) for n in range(1, 31))


def test_each_step_is_shown_to_people(kept_project: Project) -> None:
    ended = kept_project.command("run", "What is 2 + 3?", "--agent", "agent.py")
    assert ended.code == 0
    for words in ("calculator on offline/demo", "turn 1", "→ add(a=2, b=3)", "← add: 5", "2+3 = 5"):
        assert words in ended.out
    assert "completed" in ended.out
    assert "/namespaces/default/workflows/calculator-" in ended.out
    assert "\x1b" not in ended.out


def test_the_same_id_and_request_joins_the_run(kept_project: Project) -> None:
    words = ("run", "What is 4 + 4?", "--agent", "agent.py:agent", "--id", "joined", "--json")
    first, second = kept_project.command(*words), kept_project.command(*words)
    assert first.last["run"] == second.last["run"] == "joined"
    other = kept_project.command("run", "What is 5 + 5?", "--id", "joined", "--json")
    assert other.code == 1
    assert other.last["error"]["code"] == "run.id_taken"


def test_a_budget_ends_a_run_as_failed(kept_project: Project) -> None:
    ended = kept_project.command("run", "What is 2 + 2?", "--budget-turns", "1", "--json")
    assert ended.code == 1
    assert ended.last["state"] == "failed"
    assert ended.last["error"]["code"] == "run.budget"


def test_without_a_terminal_a_decision_ends_it_with_4(kept_project: Project) -> None:
    ended = kept_project.command("run", "write hello to a.txt", "--agent", "agent.py")
    assert ended.code == 4
    assert "harness approve calculator-" in ended.err
    assert "harness worker agent.py" in ended.err
    told = kept_project.command("run", "write hello to b.txt", "--json")
    assert told.code == 4
    assert told.last["state"] == "waiting"
    assert told.last["pending"][0]["arguments"] == {"path": "b.txt", "content": "hello"}


def test_a_published_agent_runs_without_its_file(kept_project: Project) -> None:
    with kept_project.worker("agent.py:agent"):
        ended = kept_project.command("run", "What is 2 + 2?", "--agent", "@calculator", "--json")
        assert ended.code == 0, ended.err
        assert "2+2 = 4" in ended.last["output"]
        listed = kept_project.command("agents", "--json").lines
        [row] = [each for each in listed if each["name"] == "calculator"]
        assert (row["served"], row["models"]) == (True, ["offline/demo"])
        assert row["tools"]["add"]["effect"] == "read"
        assert "calculator  served on " in kept_project.command("agents").out
        talk = ("--agent", "@calculator", "--session", "published", "--json")
        ended = kept_project.command("run", "What is 3 + 3?", *talk)
        assert ended.last["run"] == "published.1"
    wrong = kept_project.command("run", "hi", "--agent", "@calculatr")
    assert wrong.code == 2
    assert "calculator" in wrong.err
    assert kept_project.command("run", "hi", "--agent", "@").code == 2


def test_detached_run_is_watched_from_another_process(kept_project: Project) -> None:
    ended = kept_project.command("run", SLOW, "--agent", "agent.py:other", "--detach")
    assert ended.code == 0
    run = ended.out.strip()
    assert "harness worker agent.py:other" in ended.err
    with kept_project.worker("agent.py:other"):
        first = kept_project.start("watch", run, "--json")
        assert first.stdout
        for line in first.stdout:
            if '"output_delta"' in line:
                break
        first.kill()  # and watch again: nothing is missing
        first.communicate()
        second = kept_project.start("watch", run, "--json")
        assert second.stdout
        text = ""
        for line in second.stdout:
            text += line if '"output_delta"' in line else ""
            if len(text) > 1000:
                break
        assert '"w0' in text or '"slowly' in text or '"offset":0' in text
        assert kept_project.command("abort", run).code == 0
        second.communicate()
        assert second.returncode == 3


def test_ctrl_c_once_detaches_and_the_run_goes_on(kept_project: Project) -> None:
    terminal = kept_project.terminal("run", "say slowly " + "a b c " * 5, "--agent", "agent.py")
    terminal.until("slowly a")
    terminal.type("\x03")
    terminal.until("Detached. Run ")
    assert terminal.end() == 130
    assert "harness worker agent.py" in terminal.seen
    run = terminal.seen.partition("Detached. Run ")[2].partition(" ")[0]
    with kept_project.worker("agent.py"):
        ended = kept_project.command("watch", run, "--json")
    assert ended.last["state"] == "completed"
    assert "No worker" not in ended.err


@pytest.mark.slow
def test_ctrl_c_says_when_another_worker_serves_the_run(kept_project: Project) -> None:
    with kept_project.worker("agent.py:other"):
        run = kept_project.command("run", SLOW, "--agent", "agent.py:other", "--detach").out.strip()
        terminal = kept_project.terminal("watch", run)
        terminal.until("slowly")
        terminal.type("\x03")
        terminal.until("A worker is serving it.")
        assert terminal.end() == 130
        kept_project.command("abort", run)


def test_ctrl_c_twice_aborts(kept_project: Project) -> None:
    terminal = kept_project.terminal("run", SLOW)
    terminal.until("slowly w0")
    terminal.type("\x03")
    terminal.until("Ctrl-C again")
    terminal.type("\x03")
    assert terminal.end() == 3
    assert "aborted" in terminal.seen


@pytest.mark.slow
def test_ctrl_c_twice_where_no_worker_takes_up_the_abort(kept_project: Project) -> None:
    run = kept_project.command("run", SLOW, "--agent", "agent.py", "--detach").out.strip()
    terminal = kept_project.terminal("watch", run)
    terminal.until("No worker is serving")
    terminal.type("\x03")
    terminal.until("Ctrl-C again")
    terminal.type("\x03")
    terminal.until("Aborting.")
    terminal.type("\x03")
    terminal.until("is recorded")
    assert terminal.end() == 130


def test_a_person_decides_in_place(kept_project: Project) -> None:
    terminal = kept_project.terminal("run", "write hello to a.txt", "--agent", "agent.py")
    terminal.until("[v]iew the arguments:")
    terminal.type("perhaps\n")
    terminal.until("[v]iew the arguments:")
    terminal.type("e\n")
    terminal.until('{"path": "a.txt", "content": "hello"}')
    terminal.type("\x7f" * len('"hello"}') + '"bye"')
    terminal.type("\n")
    terminal.until("are not JSON")
    terminal.until('"content": "bye"')
    terminal.type("}\n")
    terminal.until("wrote bye to a.txt")
    assert terminal.end() == 0


def test_an_edit_can_be_left(kept_project: Project) -> None:
    terminal = kept_project.terminal("run", "write hello to a.txt", "--agent", "agent.py")
    terminal.until("[v]iew the arguments:")
    terminal.type("e\n")
    terminal.until('"content": "hello"}')
    terminal.type("\x15\n")
    terminal.until("Nothing was edited.")
    terminal.until("[v]iew the arguments:")
    terminal.type("y\n")
    terminal.until("wrote hello to a.txt")
    assert terminal.end() == 0


def test_what_another_decides_ends_the_question(kept_project: Project) -> None:
    terminal = kept_project.terminal("run", "write hello to a.txt", "--id", "asked")
    terminal.until("[v]iew the arguments:")
    assert kept_project.command("reject", "asked", "--note", "not now").code == 0
    terminal.until("rejected")
    terminal.until("not now")
    assert terminal.end() == 0


def test_prompt_from_stdin(kept_project: Project) -> None:
    ended = kept_project.command("run", "-", "--json", typed="What is 6 + 6?")
    assert "6+6 = 12" in ended.last["output"]


def test_who_stops_reading_gets_no_noise(kept_project: Project) -> None:
    process = kept_project.start("run", "What is 2 + 2?")
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.stdout.close()
    os.close(process.stdin.fileno()) if process.stdin else None
    process.stdin = None
    process.wait()
    assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.parametrize(
    "words", [("list",), ("list", "--json"), ("show", "RUN"), ("trace", "RUN")]
)
def test_a_pipe_that_is_closed_early(kept_project: Project, words: tuple[str, ...]) -> None:
    run = kept_project.command("run", "What is 2 + 2?", "--json").last["run"]
    process = kept_project.start(*(run if word == "RUN" else word for word in words))
    assert process.stdin and process.stdout and process.stderr
    process.stdout.close()
    process.stdin.close()
    assert process.wait() == 141
    assert process.stderr.read() == ""
