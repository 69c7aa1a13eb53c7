"""An embedder that counts letters: texts with the same letters are alike."""

from __future__ import annotations

import math
import string
from array import array
from collections.abc import Sequence

from harness.extensions import ProviderSettings


class Letters:
    def __init__(self, provider: str, settings: ProviderSettings, model: str) -> None:
        del settings
        self.name = f"{provider}/{model}"
        self.dimension: int | None = len(string.ascii_lowercase)

    async def embed(
        self, texts: Sequence[str], purpose: str = "document"
    ) -> tuple[array[float], ...]:
        del purpose
        return tuple(_count(text.lower()) for text in texts)

    async def close(self) -> None:
        """Nothing is open."""


def _count(text: str) -> array[float]:
    counts = [text.count(letter) for letter in string.ascii_lowercase]
    length = math.hypot(*counts) or 1.0
    return array("f", (count / length for count in counts))
