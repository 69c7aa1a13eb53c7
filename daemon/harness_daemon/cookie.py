"""The secrets that a request carries, before anything is known of its sender."""

from __future__ import annotations

from collections.abc import Mapping

from harness.access.secret import BROWSER
from harness.access.sign_in import COOKIE

MAX_SECRET = 200


def session_secret(headers: Mapping[str, str]) -> str | None:
    """The secret of the browser session in a request's cookie, if it has one."""
    # Not http.cookies: before Python 3.11.10 it takes quadratic time (CVE-2024-7592).
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return secret_of(BROWSER, value)
    return None


def secret_of(prefix: str, text: str) -> str | None:
    """The secret, if it is of this kind: a cookie with an API token would escape the rules for
    browsers."""
    return text if text.startswith(f"{prefix}_") and len(text) <= MAX_SECRET else None
