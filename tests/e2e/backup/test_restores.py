"""Copies of a local stack that are put back: no write is made twice without a question."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from harness import Agent, Harness, tool
from harness.backup.backup import make_backup
from harness.backup.restore import restore_backup
from harness.config.settings import settings_model
from harness.sdk.handle import RunHandle
from harness.stack import stop_stack
from tests.fakes.runs import eventually
from tests.fakes.stack import empty_project, layout

pytestmark = pytest.mark.slow

__all__ = ["empty_project"]

SETTINGS = settings_model().model_validate({"model": "offline/demo", "archive": {"enabled": False}})
PROMPT = 'Call wait with {"file": "go"}. Call note with {"text": "a"}. Call note with {"text": "b"}'


def noter(project: Path) -> Agent[None, str]:
    @tool(effect="read", timeout=None)
    async def wait(file: str) -> str:
        "Wait for a file."
        while not (project / file).exists():  # noqa: ASYNC110 - the test makes it
            await asyncio.sleep(0.01)
        return "there"

    @tool(on_unknown="retry")
    async def note(text: str) -> str:
        "Note."
        with (project / "book").open("a") as book:
            book.write(f"{text}\n")
        return "noted"

    return Agent("noter", tools=[wait, note])


def noted(project: Path) -> list[str]:
    book = project / "book"
    return book.read_text().split() if book.exists() else []


async def answer_all(harness: Harness, project: Path, run: str) -> int:
    """Say that each doubtful write has happened; how many questions there were."""
    handle: RunHandle[str] = harness.get_run(run)
    asked = 0
    ended = asyncio.create_task(handle.outcome())
    while not ended.done():
        pending = (await handle.status()).pending
        for each in pending:
            assert each.need == "outcome" and "restored to an earlier state" in each.question
            await handle.answer("noted", each.id)
            asked += 1
        await asyncio.wait([ended], timeout=0.05)
    assert (await ended).state == "completed"
    return asked


async def test_writes_since_the_copy_are_not_repeated(empty_project: Path) -> None:
    project, agent, copies = empty_project, noter(empty_project), layout(empty_project)
    async with Harness.local(project=project, settings=SETTINGS) as harness:
        run = await harness.start(agent, PROMPT)
        await eventually(lambda: _waits(harness, run.id))
        backup = await make_backup(harness.connection, project / "copy.tar", print)
        # The copy's generation has ended: whatever is written from now on is not in it.
        [row] = await harness.connection.database.fetch("SELECT generation FROM harness.epoch")
        assert row[0] > backup.manifest.epoch.generation
        (project / "go").touch()
        await run.outcome()
        assert noted(project) == ["a", "b"]
    await stop_stack(SETTINGS, project)
    restored = await restore_backup(SETTINGS, project, backup.file, print)
    assert restored.aside is not None and restored.aside.is_dir()
    async with Harness.local(project=project, settings=SETTINGS) as harness:
        await harness.serve(agent)
        assert await answer_all(harness, project, run.id) == 2
        other = await harness.start(agent, PROMPT)  # of a new run nothing is unknown
        assert (await other.outcome()).state == "completed"
        assert noted(project) == ["a", "b", "a", "b"]
    # And all of it by hand: only what lies outside of the folder can tell.
    await stop_stack(SETTINGS, project)
    shutil.rmtree(copies.state)
    restored.aside.rename(copies.state)
    async with Harness.local(project=project, settings=SETTINGS) as harness:
        await harness.serve(agent)
        assert await harness.connection.database.fetch(
            "SELECT doubts FROM harness.epoch WHERE branch = 1"
        ) == [("database",)]
        assert (await harness.get_run(run.id).outcome()).state == "completed"
    assert noted(project) == ["a", "b", "a", "b"]


async def _waits(harness: Harness, run: str) -> bool:
    return "running wait" in (await harness.get_run(run).status()).doing
