"""Providers that are objects of this process, such as the models of tests."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from harness.providers.adapter import Adapter

_adapters: dict[str, Adapter] = {}


@contextmanager
def serve_adapter(provider: str, adapter: Adapter) -> Generator[None]:
    """Workers of this process send the calls of `provider` to `adapter` while the block runs."""
    if provider in _adapters:
        raise ValueError(f"provider {provider!r} is served already")
    _adapters[provider] = adapter
    try:
        yield
    finally:
        del _adapters[provider]


def find_adapter(provider: str) -> Adapter | None:
    """The adapter that serves `provider` in this process, where one does."""
    return _adapters.get(provider)
