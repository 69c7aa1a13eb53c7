"""The settings of Temporal's page."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import field_validator

from harness.config.settings import Section


class TemporalPageSettings(Section):
    url: str | None = None
    """Where the daemon reaches the web page of a Temporal elsewhere, such as
    http://temporal-ui:8080. Unset: the local Temporal's; a Temporal elsewhere has no page then."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port  # the latter raises ValueError
        except ValueError:
            raise ValueError("expected http://HOST:PORT or https://HOST") from None
        extra = parts.query or parts.fragment or parts.username is not None
        if parts.scheme not in ("http", "https") or not host or extra or not url.isprintable():
            raise ValueError("expected http://HOST:PORT or https://HOST, without user or query")
        return url.rstrip("/")
