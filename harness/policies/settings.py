"""The settings of policies."""

from __future__ import annotations

from pydantic import Field

from harness.config.settings import Section
from harness.policies.policy import MAX_RULES, PolicyRule


class PoliciesSettings(Section):
    restricts = True

    file: str | None = None
    """A TOML file with `[[rules]]`, relative to the project's folder. Workers read it when they
    start."""
    rules: tuple[PolicyRule, ...] = Field(default=(), max_length=MAX_RULES)
    """Rules that are compared before those of the file."""
    function: str | None = Field(default=None, pattern=r"^[\w.]+:[A-Za-z_]\w*$")
    """A Python function, as module:function, that decides about calls that no rule fits."""
