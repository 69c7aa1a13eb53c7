"""The gates of model calls that agents declare, in the processes that have their code."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.errors import GateMissing
from harness.contracts.model import AgentSpec
from harness.interceptors import Gate

AgentGates = dict[str, tuple[Gate, ...]]
"""By agent: those that this process serves."""


def find_model_gates(known: AgentGates, agent: str, spec: AgentSpec) -> Sequence[Gate]:
    """Return the gates that the run pinned; raises GateMissing if this process lacks one."""
    own = known.get(agent, ())
    names = {each.name for each in own}
    if missing := [name for name in spec.gates or () if name not in names]:
        raise GateMissing(f"This worker does not have the gate {missing[0]} of agent {agent}.")
    return own
