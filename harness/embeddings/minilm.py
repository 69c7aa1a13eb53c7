"""all-MiniLM-L6-v2 in numpy: a BERT encoder of six layers, averaged over the tokens of a text.

Torch would be 6.8 GB for the same few matrix products.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]
from tokenizers import Tokenizer

Matrix = NDArray[np.float32]

DIMENSION = 384
LAYERS = 6
HEADS = 12
MAX_TOKENS = 256
"""Tokens of a text that the model was trained to read; what follows is ignored."""
EPSILON = 1e-12


class MiniLM:
    """The model and its tokenizer. Used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._weights = cast("dict[str, Matrix]", load_file(folder / "model.safetensors"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, text: str) -> Matrix:
        """Embed one text; the vector has the length 1.

        Texts are not padded into a common matrix: that costs more than it saves on a processor.
        """
        tokens = self._tokenizer.encode(text).ids
        hidden = self._embed_tokens(np.asarray(tokens, dtype=np.int64))
        for layer in range(LAYERS):
            hidden = self._apply_layer(hidden, f"encoder.layer.{layer}.")
        mean: Matrix = hidden.mean(axis=0)
        return mean / np.float32(np.linalg.norm(mean))

    def _embed_tokens(self, tokens: NDArray[np.int64]) -> Matrix:
        prefix = "embeddings."
        hidden = (
            self._weights[f"{prefix}word_embeddings.weight"][tokens]
            + self._weights[f"{prefix}position_embeddings.weight"][: len(tokens)]
            + self._weights[f"{prefix}token_type_embeddings.weight"][0]
        )
        return self._normalize(hidden, f"{prefix}LayerNorm")

    def _apply_layer(self, hidden: Matrix, prefix: str) -> Matrix:
        attended = self._apply_linear(
            self._attend(hidden, prefix), f"{prefix}attention.output.dense"
        )
        hidden = self._normalize(hidden + attended, f"{prefix}attention.output.LayerNorm")
        wide = _gelu(self._apply_linear(hidden, f"{prefix}intermediate.dense"))
        narrow = self._apply_linear(wide, f"{prefix}output.dense")
        return self._normalize(hidden + narrow, f"{prefix}output.LayerNorm")

    def _attend(self, hidden: Matrix, prefix: str) -> Matrix:
        query, key, value = (
            self._apply_linear(hidden, f"{prefix}attention.self.{name}")
            .reshape(len(hidden), HEADS, DIMENSION // HEADS)
            .swapaxes(0, 1)
            for name in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(DIMENSION // HEADS))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ value).swapaxes(0, 1).reshape(len(hidden), DIMENSION)

    def _apply_linear(self, hidden: Matrix, name: str) -> Matrix:
        return hidden @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normalize(self, hidden: Matrix, name: str) -> Matrix:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        scaled = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return cast("Matrix", scaled)


def _gelu(x: Matrix) -> Matrix:
    halves = np.float32(1) + _erf(x * np.float32(np.sqrt(0.5)))
    return cast("Matrix", x * np.float32(0.5) * halves)


_ERF = tuple(map(np.float32, (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)))


def _erf(x: Matrix) -> Matrix:
    """The error function, which numpy lacks: Abramowitz and Stegun 7.1.26, exact to 1.5e-7."""
    size = np.abs(x)
    t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * size)
    total = np.zeros_like(t)
    for factor in reversed(_ERF):
        total = (total + factor) * t
    return cast("Matrix", np.sign(x) * (np.float32(1) - total * np.exp(-size * size)))
