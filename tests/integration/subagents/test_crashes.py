"""Workers are killed while children run: each child starts once, and its answer arrives once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.contracts import event as e
from harness.contracts.run import RunState
from harness.runs.published import find_published
from tests.fakes.fixtures import forge as forge
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, only
from tests.fakes.steps import Say, call, calls, say
from tests.fakes.worker_process import BOSS, Forge, WorkerProcess

pytestmark = pytest.mark.slow
CHILDREN = 3


def answer(body: dict[str, Any]) -> Say:
    """The boss asks for three digs at once; each clerk digs and answers."""
    tools, said = str(body["tools"]), str(body["input"])
    if "Digs on." in tools and "Hand over" in said:
        return call("hand_over", reason="Dig.")
    if "'ask'" in tools:
        asks = [("ask", {"prompt": f"Dig {n}."}) for n in range(CHILDREN)]
        return say("All dug.") if "function_call_output" in said else calls(*asks)
    return say("Dug.") if "dug at" in said else call("dig", where="here")


@pytest.fixture
def workers(
    forge: Forge, options: dict[str, Any], name: str, tmp_path: Path
) -> Iterator[dict[str, WorkerProcess]]:
    made = {each: WorkerProcess(forge, options, name + each, tmp_path) for each in ("", BOSS)}
    yield made
    for each in made.values():
        each.kill()


async def start(
    remote: Harness, workers: dict[str, WorkerProcess], name: str, folder: Path, prompt: str
) -> Any:
    """Start the boss, and wait until a clerk digs."""
    (folder / "hold").touch()
    for served in ("", BOSS):
        workers[served].start()
        await eventually(lambda each=name + served: is_published(remote, each), seconds=60)
    run = await remote.start(name + BOSS, prompt)
    await eventually(lambda: asyncio.to_thread((folder / "digging").exists), seconds=60)
    return run


async def is_published(remote: Harness, agent: str) -> bool:
    try:
        await find_published(remote.connection, agent)
    except Exception:
        return False
    return True


@pytest.mark.parametrize("killed", ["", BOSS])
async def test_each_child_starts_once_and_answers_once(
    remote: Harness,
    workers: dict[str, WorkerProcess],
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    killed: str,
) -> None:
    model_server.always(answer)
    run = await start(remote, workers, name, tmp_path, "Dig.")
    await model_server.wait_for(lambda: len(model_server.calls) == 1 + CHILDREN, timeout=30)
    await model_server.wait_for(lambda: all(each.done_at for each in model_server.calls))
    workers[killed].replace()
    (tmp_path / "hold").unlink()
    events = await all_events(run, 100)
    started, ended = only(events, e.ChildStarted), only(events, e.ChildEnded)
    assert len({each.child for each in started}) == len(started) == CHILDREN
    assert sorted(each.child for each in ended) == sorted(each.child for each in started)
    finished = only(events, e.ToolCallFinished)
    assert [(each.content, each.ok) for each in finished] == [("Dug.", True)] * CHILDREN
    said = Counter(str(each.body["input"]) for each in model_server.calls)
    assert set(said.values()) == {1}, "no model call was made twice"
    assert len(model_server.calls) == 2 + 2 * CHILDREN
    last = only(events, e.RunEnded)[-1]
    assert last.totals is not None
    assert (last.output, last.totals.usage.total) == ("All dug.", 120 * (2 + 2 * CHILDREN))


@pytest.mark.parametrize("killed", ["", BOSS])
async def test_a_conversation_is_handed_over_once(
    remote: Harness,
    workers: dict[str, WorkerProcess],
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    killed: str,
) -> None:
    model_server.always(answer)
    run = await start(remote, workers, name, tmp_path, "Hand over.")
    await model_server.wait_for(lambda: all(each.done_at for each in model_server.calls))
    workers[killed].replace()
    (tmp_path / "hold").unlink()
    events = await all_events(run, 100)
    assert len(only(events, e.ChildStarted)) == len(only(events, e.ChildEnded)) == 1
    [last] = only(events, e.RunEnded)
    assert (last.state, last.output) == (RunState.COMPLETED, "Dug.")
    assert len(model_server.calls) == 3
