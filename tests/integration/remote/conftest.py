"""Commands of this process, on the test's stack and through a daemon of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.inline_command import Inline, run_inline
from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api


class Places:
    """Where a command runs: on the stack, or as a user of a daemon."""

    def __init__(
        self, url: str, tokens: dict[str, str], choose: Callable[[str, str], None]
    ) -> None:
        self._url, self._tokens, self._choose = url, tokens, choose

    async def stack(self, *words: str) -> Inline:
        return await run_inline(*words, "--server", "local")

    async def daemon(self, *words: str, user: str = "admin") -> Inline:
        self._choose(self._url, self._tokens[user])
        return await run_inline(*words)


@pytest.fixture
def kept_logs() -> Iterator[None]:
    """Commands configure the logs of the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_logs: None) -> Path:
    """A user without logins, in a folder without a project."""
    del kept_logs
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.delenv("HARNESS_SERVER", raising=False)
    monkeypatch.delenv("HARNESS_TOKEN", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return folder


@pytest.fixture
def places(
    api: Api, options: dict[str, Any], user_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Places:
    del user_home
    monkeypatch.setenv("HARNESS_TEMPORAL__ADDRESS", options["temporal"]["address"])
    monkeypatch.setenv("HARNESS_DATABASE__URL", options["database"]["url"])
    monkeypatch.setenv("HARNESS_SIGNING__KEY", options["signing"]["key"])

    def choose(url: str, token: str) -> None:
        monkeypatch.setenv("HARNESS_SERVER", url)
        monkeypatch.setenv("HARNESS_TOKEN", token)

    return Places(api.daemon.url, api.tokens, choose)
