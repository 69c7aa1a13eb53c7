"""Packages that come with an optional extra of ours."""

from __future__ import annotations

from importlib.util import find_spec

from harness.contracts.errors import MissingSetting


def require_extra(extra: str, user: str, *modules: str) -> None:
    """Raise MissingSetting, with the command that installs the extra, if a module is missing.

    Args:
        extra: The name of the extra.
        user: What needs it, as the message begins.
        modules: What is imported from it.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingSetting(
            f"{user} needs the Python package {', '.join(missing)}, which is not installed.",
            fix=f"Install it: pip install 'durable-harness[{extra}]'",
        )
