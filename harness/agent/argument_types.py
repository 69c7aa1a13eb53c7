"""Check the types of an agent's arguments at run time, for users without a type checker."""

from __future__ import annotations

from collections.abc import Sequence

from harness.agent.functions import check_instructions
from harness.contracts.errors import ConfigError, InvalidAgent
from harness.contracts.memory import MemoryPolicy
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
    "memory": (MemoryPolicy,),
}
_REQUIRED = ("name", "parallel", "undo_on_failure")


def check_types(agent: str, **given: object) -> None:
    """Raise InvalidAgent if an option has another type."""
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


def check_instructions_type(agent: str, given: object) -> None:
    if isinstance(given, str):
        return
    if not callable(given):
        hint = "Leave it out for none." if given is None else "Give a str or a function of (ctx)."
        raise agent_error(agent, f"instructions={given!r} is not a str or a function", hint)
    check_instructions(given, agent)
