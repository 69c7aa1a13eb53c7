"""Say that configured restrictions are ignored, where a command shows them."""

from __future__ import annotations

from typing import Any

from harness.cli.out import Out
from harness.terminal.backend import Backend


def find_ignored(backend: Backend, section: str) -> dict[str, Any] | None:
    """Find out whether the settings of a section exist, but do not count.

    Args:
        backend: The place that the command works on. A daemon refuses to serve without them.
        section: The section of harness.toml.

    Returns:
        What is ignored, why, and what to do; for programs.
    """
    missing = backend.ignored_restrictions
    if missing is None or (missing.sections and section not in missing.sections):
        return None
    return {"file": missing.file, "section": section, "why": missing.why, "fix": missing.fix}


def report_ignored(out: Out, ignored: dict[str, Any] | None) -> None:
    """Print what is ignored; for programs, a line of its own."""
    if ignored is not None and out.json:
        out.line({"ignored": ignored})
    elif ignored is not None:
        out.note(f"{ignored['why']}. No worker serves until then.\n  {ignored['fix']}")
