"""The protocol of embedders: texts in, vectors of unit length out."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, TypeAlias

Vector: TypeAlias = "array[float]"
"""Float32 numbers (`array("f")`), of length 1: the inner product of two is their cosine."""

Purpose = Literal["document", "query"]
"""What a text is: kept to be found later, or used to find others. Some models embed these
differently."""

MAX_TEXTS = 10_000
"""Texts of one call."""
MAX_CHARACTERS = 8_000
"""Characters of a text that are embedded; what follows is ignored. Models read up to about 8,000
tokens, many fewer."""


class Embedder(Protocol):
    """What turns texts into vectors. A record names the class; it is called with the provider's
    name, its settings and the name of the model."""

    name: str
    """provider/model. Vectors of different names cannot be compared, so keep it beside them."""

    dimension: int | None
    """Numbers in a vector; None for a model that is not known, until its first answer."""

    async def embed(
        self, texts: Sequence[str], purpose: Purpose = "document"
    ) -> tuple[Vector, ...]:
        """Embed texts, without blocking the event loop.

        Args:
            texts: At most `MAX_TEXTS`. They are sent in batches of bounded size.
            purpose: What they are used for.

        Returns:
            One vector for each text, in their order.

        Raises:
            ProviderError: The provider refused, or does not answer. Nothing was embedded; the class
                says whether a retry can help.
        """
        ...

    async def close(self) -> None:
        """Close the connections, or free the model."""
        ...


def split_batches(texts: Sequence[str], count: int, characters: int) -> Iterator[list[str]]:
    """Split texts into batches of at most `count` texts and `characters`, each text shortened to
    `MAX_CHARACTERS`. Empty texts become a space, which every model accepts.

    Raises:
        ValueError: There are more than `MAX_TEXTS`.
    """
    if len(texts) > MAX_TEXTS:
        raise ValueError(f"{len(texts)} texts in one call; at most {MAX_TEXTS} can be embedded")
    batch: list[str] = []
    size = 0
    for text in texts:
        cut = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
        text = cut if cut.strip() else " "
        if batch and (len(batch) == count or size + len(text) > characters):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
