"""The tools that need nothing but themselves."""

from __future__ import annotations

from datetime import datetime

import harness.tools
from harness.agent import Tool
from harness.tools import ask_human, echo, math, now
from tests.fakes.tool_calls import calling


async def test_echo_math_and_now() -> None:
    async with calling(echo, math, now) as call:
        assert await call("echo", text="grüße") == "grüße"
        assert await call("math", expression="6 * 7") == "42"
        moment, _, day = (await call("now")).partition(" ")
        assert datetime.fromisoformat(moment).utcoffset() is not None
        assert day == f"({datetime.fromisoformat(moment):%A})"
        moment = (await call("now", zone="Asia/Kolkata")).partition(" ")[0]
        assert moment.endswith("+05:30")
        for zone in ("Mars/Olympus", "../etc/passwd", "", "/etc/passwd", "Europe", "x\0y"):
            assert "There is no time zone" in (await call.refused("now", zone=zone))[1]


async def test_a_question_for_a_person() -> None:
    async with calling(ask_human) as call:
        outcome = await call.request("ask_human", {"question": "Which?"})
        assert (outcome.need, outcome.reason) == ("answer", "Which?")
        assert (await call.refused("ask_human", question=""))[0] == "tool.invalid_arguments"


CHANGE = {
    "write_file", "edit_file", "delete_file", "move_file", "sql_execute", "http_request", "shell",
    "run_python", "run_shell",
}  # fmt: skip
FACTORIES = {"sql_tools", "http_tools", "shell_tools", "sandbox_tools"}
DIRECT = {"run_in_sandbox", "SandboxResult"}
"""For tools of one's own: not tools themselves."""


def test_every_built_in_tool_says_what_it_does() -> None:
    for name in set(harness.tools.__all__) - DIRECT:
        each = getattr(harness.tools, name)
        if name in FACTORIES:
            assert all(isinstance(made, Tool) for made in each())
            continue
        assert isinstance(each, Tool)
        assert each.name == name
        assert each.spec.description
        assert each.policy.effect == ("write" if name in CHANGE else "read")
        assert (each.hooks.undo is not None) == (name in CHANGE)
