"""Ports of the local Temporal: free ones, picked once and kept for the project."""

from __future__ import annotations

import socket
import zlib
from pathlib import Path

# Below the ephemeral ranges (Linux 32768, macOS 49152).
_FIRST, _LAST = 17_000, 32_000
HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def pick_port(state: Path, taken: set[int]) -> int:
    """Pick a free port; each project starts its search elsewhere, so collisions are rare."""
    span = _LAST - _FIRST
    start = zlib.crc32(str(state).encode()) % span
    for step in range(span):
        port = _FIRST + (start + step) % span
        if port not in taken and is_free(port):
            return port
    raise OSError("no free port")
