"""Checks that the MCP SDK is installed."""

from __future__ import annotations

from importlib.util import find_spec

from harness.contracts.errors import MissingSetting


def check_installed() -> None:
    """Raise MissingSetting if the extra `mcp` is not installed."""
    if find_spec("mcp") is None:
        raise MissingSetting(
            "MCP needs the package mcp.", fix="Install it: pip install 'durable-harness[mcp]'"
        )
