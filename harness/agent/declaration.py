"""Check what a user declares of an agent, for users without a type checker too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from harness.agent.functions import check_instructions
from harness.agent.read_result import read_result
from harness.agent.tool import AnyTool, Tool
from harness.contracts.errors import ConfigError, InvalidAgent
from harness.contracts.model import ContextPolicy, ModelParams, ModelPlan
from harness.contracts.run import Budget


def agent_error(name: str, problem: str, fix: str) -> ConfigError:
    return InvalidAgent(f"Agent {name}: {problem}.", fix=fix)


_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "model": (str, ModelPlan),
    "params": (ModelParams,),
    "budget": (Budget,),
    "context": (ContextPolicy,),
    "parallel": (bool,),
    "undo_on_failure": (bool,),
}
_REQUIRED = ("name", "parallel", "undo_on_failure")


def check_types(agent: str, **given: object) -> None:
    """Check the types at run time, for users without a type checker."""
    for option, value in given.items():
        if isinstance(value, _TYPES[option]) or (value is None and option not in _REQUIRED):
            continue
        kinds = " or ".join(kind.__name__ for kind in _TYPES[option])
        hint = "Leave it out for none." if value is None else f"Pass a {kinds}."
        raise agent_error(agent, f"{option}={value!r} is not a {kinds}", hint)


def check_lists(agent: str, **given: object) -> None:
    for option, value in given.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            continue
        called = getattr(value, "name", None) or getattr(value, "__name__", None) or repr(value)
        put = f"Put it in a list: {option}=[{called}]"
        hint = "Leave it out for none." if value is None else put
        raise agent_error(agent, f"{option}={called} is not a list", hint)


def check_written(agent: str, given: object) -> None:
    if isinstance(given, str):
        return
    if not callable(given):
        hint = "Leave it out for none." if given is None else "Give a str or a function of (ctx)."
        raise agent_error(agent, f"instructions={given!r} is not a str or a function", hint)
    check_instructions(given, agent)


def index_tools(agent: str, tools: Sequence[AnyTool]) -> dict[str, AnyTool]:
    found: dict[str, AnyTool] = {}
    for each in cast("Sequence[object]", tools):
        if not isinstance(each, Tool):
            called = getattr(cast("Callable[..., Any]", each), "__name__", repr(each))
            raise agent_error(agent, f"{called} is not a tool", f"Put @tool above {called}.")
        if each.name in found and found[each.name] is not each:
            raise agent_error(
                agent, f"has two tools named {each.name}", "Rename one: @tool(name=...)."
            )
        made = cast("AnyTool", each)
        if made.on_unknown == "probe" and made.hooks.probe is None:
            raise agent_error(
                agent,
                f"{each.name} has on_unknown='probe' but no probe function",
                f"Declare one under @{each.name}.probe.",
            )
        found[each.name] = made
    if any(not each.policy.inline for each in found.values()):
        found.setdefault(read_result.name, read_result)
    return found
