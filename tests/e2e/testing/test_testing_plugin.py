"""Users test their agents: a project with nothing but pytest, its plug-in and a test file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

AGENT = """
from pydantic import BaseModel

from harness import Agent, tool


class Booking(BaseModel):
    day: str


@tool(effect="read")
def look_up(day: str) -> str:
    "Tell whether a day is free."
    return f"{day} is free"


@tool(approval="always")
def book(day: str) -> str:
    "Book a day."
    return f"booked {day}"


clerk = Agent("clerk", instructions="Book what is asked.", tools=[look_up, book])
typed = Agent("typed", output=Booking)
"""
TESTS = """
import asyncio

import pytest

from agents import Booking, clerk, typed
from harness.contracts.errors import BrokenTestModel, RateLimited
from harness.contracts.message import ToolResult
from harness.testing import FunctionModel, ScriptedModel, call


async def test_five_lines(run_agent):
    model = ScriptedModel(call("look_up", day="Mon"), RateLimited("Slow down."), "It is free.")
    result = await run_agent(clerk, "Is Monday free?", model=model)
    assert result.output == "It is free."
    assert model.requests[0].instructions == "Book what is asked."
    assert model.left == ()


async def test_decisions(run_agent):
    model = ScriptedModel(call("book", day="Mon"), "Booked.")
    async with run_agent.started(clerk, "Book Monday.", model=model) as run:
        async for event in run.events():
            if event.type == "decision_requested":
                await run.approve()
        assert (await run.result()).output == "Booked."


async def test_nobody_decides(run_agent):
    with pytest.raises(AssertionError, match="waits for a person"):
        await run_agent(clerk, "Book Monday.", model=ScriptedModel(call("book", day="Mon")))


async def test_side_by_side(run_agent):
    def answer(messages):
        asked = messages[0].text
        results = [p.content for m in messages for p in m.parts if isinstance(p, ToolResult)]
        return results[0] if results else call("look_up", day=asked)

    days = ["Mon", "Tue"]
    runs = [run_agent(clerk, day, model=FunctionModel(answer)) for day in days]
    found = await asyncio.gather(*runs)
    assert [each.output for each in found] == ["Mon is free", "Tue is free"]


def test_without_a_plugin_for_async_tests(run_agent):
    result = asyncio.run(run_agent(typed, "Book.", model=ScriptedModel(Booking(day="Mon"))))
    assert "Mon" in str(result.data)


async def test_a_script_that_is_too_short(run_agent):
    with pytest.raises(BrokenTestModel, match="Reply 2 was requested, but the script has 1 reply"):
        await run_agent(clerk, "Hello.", model=ScriptedModel(call("look_up", day="Mon")))


async def test_offline(run_agent):
    result = await run_agent(clerk, "Say hello", model="offline/demo")
    assert result.output == "hello"
"""
CONFTEST = """
import pytest


@pytest.fixture(scope="session")
def harness_settings():
    return {"live": {"flush_ms": 50}}
"""
NOT_LOADED = """
import sys

def test_nothing_of_harness_is_loaded():
    assert not {"temporalio", "pydantic", "harness.sdk", "harness.agent"} & sys.modules.keys()
"""


def _pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    own = {"TMPDIR": str(folder / "tmp"), "XDG_STATE_HOME": str(folder / "state")}
    (folder / "tmp").mkdir()
    env = {**os.environ, **own}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_users_test_their_agents(tmp_path: Path) -> None:
    (tmp_path / "agents.py").write_text(AGENT)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_agents.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    done = _pytest(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout
    left = [each.name for each in (tmp_path / "tmp").glob("harness-*")]
    assert left == [], "the stack is gone with its folder"
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / ".harness").exists()


def test_the_plugin_costs_others_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(NOT_LOADED)
    done = _pytest(tmp_path, "-p", "no:asyncio")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_stack_that_cannot_start_says_why(tmp_path: Path) -> None:
    settings = '{"temporal": {"binary": "/no/such/temporal"}}'
    (tmp_path / "conftest.py").write_text(CONFTEST.replace('{"live": {"flush_ms": 50}}', settings))
    (tmp_path / "test_one.py").write_text("def test_one(run_agent): ...")
    done = _pytest(tmp_path)
    assert done.returncode == 1
    assert "/no/such/temporal" in done.stdout
    assert "Traceback" not in done.stdout
