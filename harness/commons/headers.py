"""Bounds for response headers: a server may send 100 KB of them, and parsers may take quadratic
time, on the event loop."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookiejar import CookieJar
from typing import Any

MAX_HEADER = 1_000
"""Characters read of each header."""


class NoCookies(CookieJar):
    """A jar that stores nothing. Requests go to IP addresses, so a jar would send one host's
    cookies to another host at the same address."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Ignore the headers: parsing them may block the event loop."""


def short_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keep the first header of each name, shortened."""
    kept: dict[str, str] = {}
    for name, value in headers:
        kept.setdefault(name.lower(), value[:MAX_HEADER])
    return kept
