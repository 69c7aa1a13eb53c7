"""The certificates that are trusted, loaded once a process: that takes 30 ms of CPU, more than most
requests."""

from __future__ import annotations

import functools
import importlib
import ssl
from typing import Literal


@functools.cache
def load_certificates(library: Literal["httpx", "httpx2"]) -> ssl.SSLContext:
    """Load what a library trusts by default: give it as its clients' `verify`."""
    return importlib.import_module(library).create_ssl_context()
