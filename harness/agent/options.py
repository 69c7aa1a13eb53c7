"""The options of an agent that do not depend on its type parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from harness.agent.gates import GateFunction
from harness.contracts.memory import MemoryPolicy
from harness.contracts.model import ContextPolicy, ModelParams, ModelPlan
from harness.contracts.run import Budget


class AgentOptions(TypedDict, total=False):
    """Keyword arguments of `Agent`, the same in each of its overloads."""

    model: str | ModelPlan | None
    fallbacks: Sequence[str]
    params: ModelParams | None
    budget: Budget | None
    context: ContextPolicy | None
    parallel: bool
    undo_on_failure: bool
    memory: MemoryPolicy | None
    gates: Sequence[GateFunction]
