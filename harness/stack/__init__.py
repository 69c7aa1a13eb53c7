"""Find or start Temporal and Postgres on this machine.

Configured servers are used as they are; the others run under one small supervisor per project,
which lives as long as a process holds a lease on it. The supervisor imports this package too, so
imports here are lazy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.stack.attributes import SEARCH_ATTRIBUTES, ensure_search_attributes
    from harness.stack.connect import make_connect_options
    from harness.stack.doctor import diagnose
    from harness.stack.endpoints import Check, Endpoints
    from harness.stack.opening import find_stack, open_stack, stop_stack

__all__ = [
    "SEARCH_ATTRIBUTES",
    "Check",
    "Endpoints",
    "diagnose",
    "ensure_search_attributes",
    "find_stack",
    "make_connect_options",
    "open_stack",
    "stop_stack",
]

_HOMES = {
    "SEARCH_ATTRIBUTES": "attributes",
    "ensure_search_attributes": "attributes",
    "make_connect_options": "connect",
    "diagnose": "doctor",
    "Check": "endpoints",
    "Endpoints": "endpoints",
    "find_stack": "opening",
    "open_stack": "opening",
    "stop_stack": "opening",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
