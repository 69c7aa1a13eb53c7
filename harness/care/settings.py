"""The settings of care."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from harness.config.settings import Section


def _check_url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if scheme not in ("http", "https") or not separator or not rest or len(url) > 2_000:
        raise ValueError("expected http://HOST or https://HOST")
    urlsplit(url).port  # raises ValueError if it is not one  # noqa: B018
    if not url.isascii() or not url.isprintable() or "@" in rest or any(c in rest for c in " ?#"):
        raise ValueError("expected an address without user, query, spaces and #")
    return url.rstrip("/")


class SourceSettings(Section):
    """Where metrics or logs are read."""

    url: Annotated[str, AfterValidator(_check_url)] | None = None
    """Of Prometheus or Loki, or of a server with the same API, such as Mimir or Grafana Cloud."""
    user: str | None = None
    """For basic authentication; in Grafana Cloud, the number of the instance."""
    password: SecretStr | None = None
    """For basic authentication, or as a bearer token if no user is set."""
    tenant: str | None = Field(default=None, max_length=200)
    """The header X-Scope-OrgID, where several tenants share a server."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=120, allow_inf_nan=False)


class CareSettings(Section):
    evaluate_seconds: int = Field(default=15, ge=1, le=3_600)
    """How often all invariants are evaluated."""
    metrics: SourceSettings = SourceSettings()
    logs: SourceSettings = SourceSettings()
