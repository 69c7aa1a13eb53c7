"""The gates that the settings name for all agents."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from harness.agent.gates import read_gate
from harness.contracts.errors import InvalidValue
from harness.interceptors import Gate


def load_gates(targets: Sequence[str]) -> tuple[Gate, ...]:
    """Import the gates; raises InvalidValue for one that cannot be imported or is not a gate."""
    return tuple(_load_gate(each) for each in targets)


def _load_gate(target: str) -> Gate:
    module, _, name = target.partition(":")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InvalidValue(
            f"gates.add: {target} cannot be imported: {error}",
            fix="Correct it in harness.toml, or install the package that has it.",
        ) from error
    return read_gate(function, "gates.add")
