"""What an agent remembers across runs, and who said it. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contracts.base import Flag, Word

MAX_FACT = 2_000
"""Characters of one memory."""
ID = "mem_[0-9a-f]{24}"

Lane = Literal["run", "session", "owner"]
"""How far a memory reaches: one run, the runs of a session, all runs of its owner."""
Trust = Literal["said", "inferred", "untrusted"]
"""Stamped by the harness, never by a model. `said`: the owner's own words. `inferred`: written by a
model from what the owner and the model said. `untrusted`: written after the run had read content of
others, such as a tool result."""
Source = Literal["person", "tool", "extraction"]
"""What wrote a memory: a person, the tool `remember`, or the extraction after a run."""


class MemoryPolicy(Word):
    """What an agent remembers and recalls: `Agent(memory=MemoryPolicy())`.

    The agent gets the tools `remember`, `recall` and `forget_memory`, and each run begins with the
    memories that fit its prompt.
    """

    recall: int = Field(default=8, ge=0, le=50)
    """How many memories a run begins with, at most; 0: only the tool `recall` finds them."""
    recall_tokens: int = Field(default=800, ge=50, le=20_000)
    """How long these memories may be together, in estimated tokens."""
    untrusted: Flag = None
    """Also begin with memories that come from untrusted content. The tool `recall` finds them in
    any case, marked."""
    learn: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]*/\S+$")
    """A model that extracts facts from each run after its final answer, as provider/model. Default:
    only the tool `remember` writes memories."""
