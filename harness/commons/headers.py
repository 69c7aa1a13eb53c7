"""Bounds for the headers of an answer: a server may send 100 KB of them, and what parses a header
may take the square of its length, on the event loop."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookiejar import CookieJar
from typing import Any

MAX_HEADER = 1_000
"""Characters of a header that are read; what follows is ignored."""


class NoCookies(CookieJar):
    """Stores nothing. Requests go to addresses, so a jar would send the cookies of one host to
    another one at the same address."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Leave the headers unread: parsing them alone may block the event loop."""


def short_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first header of each name, cut."""
    kept: dict[str, str] = {}
    for name, value in headers:
        kept.setdefault(name.lower(), value[:MAX_HEADER])
    return kept
