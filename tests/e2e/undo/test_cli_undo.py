"""`harness effects` and `harness undo`, as a person and as a program use them."""

from __future__ import annotations

from tests.fakes.command import Project

CLERK = """
from harness import Agent
from harness.tools import write_file

clerk = Agent("clerk", tools=[write_file])
"""


def test_what_a_run_wrote_is_taken_back(kept_project: Project) -> None:
    (kept_project.folder / "clerk.py").write_text(CLERK)
    folder = kept_project.folder / "desk"
    folder.mkdir()
    prompt = 'Call write_file with {"path": "a.txt", "content": "a"}'
    serve = ("--agent", "clerk.py:clerk")
    made = kept_project.command("run", prompt, *serve, "--workspace", "desk", "--json")
    run, file = str(made.last["run"]), folder / "a.txt"
    assert file.read_text() == "a"

    [effect] = kept_project.command("effects", run, "--json").lines
    assert (effect["tool"], effect["state"]) == ("write_file", "done")
    assert "Created a.txt" in kept_project.command("effects", run).out
    dry = kept_project.command("undo", run, "--dry-run", *serve)
    assert (dry.code, "would be undone" in dry.out) == (0, True)

    assert "No target has changed since." in dry.err

    file.write_text("by hand")
    dry = kept_project.command("undo", run, "--dry-run", *serve, "--json")
    assert (dry.code, dry.last["steps"][0]["changed"]) == (1, True)
    stopped = kept_project.command("undo", run, *serve)
    assert stopped.code == 1
    assert "was changed after" in stopped.out
    assert f"--past {effect['call']}" in stopped.err
    file.write_text("a")
    undone = kept_project.command("undo", run, *serve, "--json")
    assert (undone.code, undone.last["steps"][0]["state"]) == (0, "undone")
    assert not file.exists()
    again = kept_project.command("undo", run, "--to", "0", *serve)
    assert "nothing to undo" in again.err
    [effect] = kept_project.command("effects", run, "--json").lines
    assert (effect["state"], effect["note"]) == ("undone", "removed a.txt")


HELD = """
import asyncio

from harness import Agent, ToolContext, tool
from harness.tools import write_file


@tool(effect="read")
async def hold(ctx: ToolContext[None]) -> str:
    "Hold."
    await asyncio.sleep(1000)
    return "held"


@tool(effect="irreversible")
def publish() -> str:
    "Publish."
    return "published"


held = Agent("held", tools=[write_file, hold, publish])
"""


def _until_it_holds(project: Project, run: str) -> None:
    for _ in range(30):  # a command takes a moment
        if "hold" in (shown := project.command("show", run, "--json").last).get("doing", ""):
            return
    raise AssertionError(f"it does not hold: {shown}")


def test_an_abort_takes_back_what_the_run_did(kept_project: Project) -> None:
    project = kept_project
    (project.folder / "held.py").write_text(HELD)
    (project.folder / "bench").mkdir()
    write = 'Call write_file with {"path": "a.txt", "content": "a"}'
    hold, publish = "Call hold with {}", "Call publish with {}"
    ends = {f"{write}\n{hold}": 0, f"{write}\n{publish}\n{hold}": 1}
    with project.worker("held.py:held"):
        for prompt, code in ends.items():
            serve = ("--agent", "held.py:held", "--workspace", "bench", "--detach", "--json")
            run = str(project.command("run", prompt, *serve).last["run"])
            _until_it_holds(project, run)
            ended = project.command("abort", run, "--undo")
            assert ended.code == code, ended
            said = "stopped at turn 2, publish()" if code else "undid 1 effect"
            assert said in ended.out + ended.err
            assert (project.folder / "bench/a.txt").exists() == bool(code)
            card = project.command("show", run)
            assert "aborted" in card.out
            assert "undid" in card.out
