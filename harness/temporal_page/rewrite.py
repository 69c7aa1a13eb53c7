"""Temporal's page as the daemon serves it: at another path, decoding through the daemon, and under
a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from harness.api.route import TEMPORAL_CODEC_PATH, TEMPORAL_PATH
from harness.contracts.errors import TemporalPageRefused

META_POLICY = re.compile(
    r"<meta[^>]*http-equiv\s*=\s*[\"']content-security-policy[\"'][^>]*>", re.IGNORECASE
)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
MARKDOWN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""For Markdown that the page renders in a frame of itself: texts of runs, in which HTML is kept.
`allow-same-origin` lets the page measure the frame; scripts do not run in it."""


def rewrite_page(html: str, prefix: str, *, root: str = "") -> tuple[str, str]:
    """Move the page to the daemon's path, as Temporal's server does for a public path.

    Args:
        html: The page.
        prefix: The path that it has upstream; empty for none.
        root: The prefix under which another app mounts the daemon's.

    Returns:
        The page, and its content security policy.
    """
    base = f'base: "{prefix}"'
    if base not in html:
        raise TemporalPageRefused("Temporal's page has a form that this version does not know.")
    html = html.replace(base, f'base: "{root}{TEMPORAL_PATH}"')
    html = html.replace(f'"{prefix}/_app/', f'"{root}{TEMPORAL_PATH}/_app/')
    html = META_POLICY.sub("", html)
    hashes = "".join(f" 'sha256-{_digest(script)}'" for script in SCRIPT.findall(html))
    return html, PAGE_POLICY.format(hashes=hashes)


def rewrite_settings(content: bytes, *, root: str = "") -> bytes:
    """Have the page decode payloads through the daemon, with the cookie of its session, and fetch
    nothing from other sites. `root`: as for `rewrite_page`."""
    try:
        settings: dict[str, Any] = json.loads(content)
        codec: dict[str, Any] = settings.get("Codec") or {}
        changed = {
            **codec,
            "Endpoint": root + TEMPORAL_CODEC_PATH,
            "IncludeCredentials": True,
            "PassAccessToken": False,
        }
        return json.dumps({**settings, "Codec": changed, "DisableNewsFetch": True}).encode()
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise TemporalPageRefused("The settings of Temporal's page are malformed.") from None


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
