"""The base of all words: frozen, strict about unknown fields, and silent about absent ones.

Payloads are written without nulls, so an unused optional field costs no bytes of
history. What a workflow reads has no defaults other than None and False-like absence: a default
that changes in a later version would change a run in flight.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Flag = Literal[True] | None
"""Present or absent; unlike `bool = False`, absent takes no room in history."""


class Word(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def wire(self) -> bytes:
        """The canonical bytes of this value: what is stored and hashed."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)
