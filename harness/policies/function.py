"""Let a Python function decide about a call."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

from harness.contracts.errors import InvalidPolicy
from harness.policies.evaluate import PolicyCall
from harness.policies.policy import PolicyFunction, PolicyRule

Decide = Callable[[PolicyCall], "PolicyRule | Awaitable[PolicyRule | None] | None"]
LIMIT_S = 5.0


def load_function(name: str) -> tuple[Decide, PolicyFunction]:
    """Import a function, and take the digest of its module; raises InvalidPolicy."""
    module, _, attribute = name.partition(":")
    try:
        loaded = import_module(module)
        function = getattr(loaded, attribute)
        source = Path(inspect.getfile(loaded)).read_bytes()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise InvalidPolicy(f"The policy function {name!r} cannot be imported: {why}") from error
    return function, PolicyFunction(name=name, digest=hashlib.sha256(source).hexdigest())


async def ask_function(function: Decide, call: PolicyCall) -> PolicyRule | None:
    """Return the function's decision, or a rule that asks if it fails: a failure must not let the
    call through."""
    name = getattr(function, "__name__", "function")
    try:
        async with asyncio.timeout(LIMIT_S):
            if inspect.iscoroutinefunction(function):
                said = await function(call)
            else:
                said = await asyncio.to_thread(function, call)
        if said is None:
            return None
        if not isinstance(said, PolicyRule):
            raise TypeError(f"it returned {type(said).__name__}, not a PolicyRule or None")
    except Exception as error:  # a TimeoutError included
        why = f"the policy function failed ({type(error).__name__}: {error})"
        return PolicyRule(name=name, decision="ask", reason=why[:500])
    return said if said.name else said.model_copy(update={"name": name})
