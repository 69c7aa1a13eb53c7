"""Log in to a daemon, use it by default, and log out."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from harness.cli.parser import UsageError
from harness.config.logins import logins_file
from tests.fakes.inline_command import Inline, run_inline
from tests.integration.api.conftest import Api


async def log_in(monkeypatch: pytest.MonkeyPatch, token: str, *words: str) -> Inline:
    monkeypatch.setattr(sys, "stdin", io.StringIO(token))
    return await run_inline("login", *words, "--token-stdin", "--json")


async def test_log_in_and_out(api: Api, user_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = api.daemon.url
    for token in ("", "two words", "hns_0000000000000000_" + "A" * 43, "x" * 600):
        if token in ("", "two words") or len(token) > 500:
            with pytest.raises(UsageError, match=r"No API token|not an API token"):
                await log_in(monkeypatch, token, url)
        else:
            refused = await log_in(monkeypatch, token, url)
            assert refused.error and refused.error["code"] == "config.not_logged_in"
        assert not logins_file().exists()
    done = await log_in(monkeypatch, f"{api.tokens['operator']}\n", f"{url}/")
    assert done.last == {"server": url, "user": api.user, "role": "operator", "default": True}
    assert logins_file().stat().st_mode & 0o777 == 0o600
    assert logins_file().is_relative_to(user_home)
    assert (await run_inline("login", "--list", "--json")).lines == [
        {"server": url, "default": True}
    ]
    listed = await run_inline("list", "--json")
    assert (listed.code, listed.out) == (0, "")
    made = await run_inline("token", "create", "--json")
    assert made.error and made.error["code"] == "access.not_allowed"
    left = await run_inline("logout", "--json")
    assert left.last == {"server": url, "state": "logged out"}
    assert api.tokens["operator"] not in logins_file().read_text()
    again = await run_inline("logout")
    assert again.error and again.error["code"] == "config.not_logged_in"
