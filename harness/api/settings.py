"""The settings of the daemon."""

from __future__ import annotations

from pydantic import Field

from harness.config.settings import Section


class ApiSettings(Section):
    host: str = "127.0.0.1"
    """The address to listen on. Any other than a loopback address makes the API reachable from
    other machines."""
    port: int = Field(default=7720, ge=0, le=65535)
    """The port to listen on; 0 chooses a free one."""
    hosts: tuple[str, ...] = ()
    """Names under which clients reach the daemon, such as `harness.example.org` behind a reverse
    proxy. Write host:port if the port is not the scheme's default. Requests for other names are
    refused."""
    max_body_bytes: int = Field(default=10_000_000, ge=1_000)
    """The largest request body."""
    max_file_bytes: int = Field(default=50_000_000, ge=1_000)
    """The largest file that can be uploaded."""
    file_seconds: float = Field(default=600.0, gt=0, allow_inf_nan=False)
    """How long an upload may take."""
    body_seconds: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """How long a request's body may take to arrive."""
    slow_seconds: float = Field(default=20.0, gt=0, allow_inf_nan=False)
    """A stream whose reader accepts no data for this long is closed; the reader can resume from its
    last cursor."""
    heartbeat_seconds: float = Field(default=15.0, gt=0, allow_inf_nan=False)
    """A stream that is silent for this long sends a comment, so that proxies keep it open."""
