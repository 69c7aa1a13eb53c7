"""Which paths below `/temporal` lead to which of Temporal's page, and back."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from harness.api.route import TEMPORAL_PATH
from harness.contracts.errors import InvalidRequest, TemporalPageRefused

PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")
QUERY = re.compile(r"[!-~]*")
MOST_DECODED = 4
"""How often a path may be percent-encoded: the page encodes ids twice."""
DOTS = frozenset({".", ".."})


def to_upstream(path: str, query: str) -> str:
    """The target of a request to Temporal's page, for the path and query of one to the daemon.

    Args:
        path: Below the prefix under which another app mounts the daemon's, if one does.
        query: The query, as it was sent.

    Raises:
        InvalidRequest: The path could leave the page, or end the line that names it.
    """
    rest = path.removeprefix(TEMPORAL_PATH) or "/"
    if not PATH.fullmatch(rest) or not QUERY.fullmatch(query) or "#" in query:
        raise InvalidRequest("The path or the query is not properly percent-encoded.")
    decoded = rest
    for _ in range(MOST_DECODED):
        decoded = unquote(decoded)
    # Servers and proxies disagree on when they decode and resolve these.
    if unquote(decoded) != decoded or DOTS.intersection(re.split(r"[/\\]", decoded)):
        raise InvalidRequest("The path has a segment of dots, or is encoded too often.")
    if any(ord(each) < 32 or ord(each) == 127 for each in decoded):
        raise InvalidRequest("The path has a control character.")
    return f"{rest}?{query}" if query else rest


def to_daemon(location: str, upstream: str) -> str:
    """Where a redirect of Temporal's page leads, as a path of the daemon. The gate adds the prefix
    under which another app mounts the daemon's, as to every redirect.

    Raises:
        TemporalPageRefused: It leads to another site.
    """
    base = urlsplit(upstream)
    try:
        parts = urlsplit(location)
    except ValueError:
        raise _leads_away() from None
    same = (parts.scheme, parts.netloc) in (("", ""), (base.scheme, base.netloc))
    path = parts.path.removeprefix(base.path)
    if not same or not path.startswith("/") or path.startswith("//") or not PATH.fullmatch(path):
        raise _leads_away()
    if not QUERY.fullmatch(parts.query):
        raise _leads_away()
    return f"{TEMPORAL_PATH}{path}" + (f"?{parts.query}" if parts.query else "")


def _leads_away() -> TemporalPageRefused:
    return TemporalPageRefused(
        "Temporal's page leads to another site, such as to a sign-in of its own.",
        fix="Point temporal_page.url to a page without a sign-in, which only the daemon reaches.",
    )
