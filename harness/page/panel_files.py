"""The files beside the module that declares a capability's panels, as the page may load them.

A file is looked up by its name among those that are there, so no name leads elsewhere. It is read
anew each time: a panel is changed without a restart.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.api.etags import make_tag

MAX_BYTES = 4_000_000
MAX_FILES = 1_000
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""What may be served; Python files, for one, may not."""


@dataclass(frozen=True)
class PanelFile:
    """A file as it is now."""

    content: bytes
    media_type: str
    tag: str


def read_panel_file(folder: Path, name: str) -> PanelFile | None:
    """Read a file by its name; None if there is no such file, or it may not be served."""
    path = _list_files(folder).get(name)
    content = _read_bounded(path) if path else None
    if path is None or content is None:
        return None
    return PanelFile(content, TYPES[path.suffix], make_tag(content))


def _list_files(folder: Path) -> dict[str, Path]:
    """The files that may be served, by their names. Links are left out: they may lead elsewhere."""
    files: dict[str, Path] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if path.suffix in TYPES and entry.is_file(follow_symlinks=False):
                files[entry.name] = path
            if len(files) >= MAX_FILES:
                break
    return files


def _read_bounded(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    return content if len(content) <= MAX_BYTES else None
