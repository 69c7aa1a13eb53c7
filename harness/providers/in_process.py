"""Providers that are objects of this process, such as the models of tests."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from harness.providers.adapter import Adapter

_adapters: dict[str, Adapter] = {}


@contextmanager
def serve_adapter(provider: str, adapter: Adapter) -> Generator[None]:
    """Let workers of this process send calls of `provider` to `adapter` during the block."""
    if provider in _adapters:
        raise ValueError(f"provider {provider!r} is served already")
    _adapters[provider] = adapter
    try:
        yield
    finally:
        del _adapters[provider]


def find_adapter(provider: str) -> Adapter | None:
    """Return the adapter that serves `provider` in this process, if any."""
    return _adapters.get(provider)
