"""What a run keeps of the prompt template that its prompt was made from. Pure."""

from __future__ import annotations

from harness.contracts.base import Word

Value = bool | int | float | str | tuple[str, ...]
"""The value of a variable."""


class PinnedPrompt(Word):
    """The version of a prompt template that made a prompt, and the values of its variables."""

    name: str
    version: int
    digest: str
    """SHA-256 of the version's text."""
    variables: dict[str, Value]
    """Defaults included."""

    @property
    def ref(self) -> str:
        """The version as people write it: `refund@3`."""
        return f"{self.name}@{self.version}"
