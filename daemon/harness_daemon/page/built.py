"""The files of the built page, read once: what is not in this table cannot be requested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.api.etags import make_tag

INDEX = "index.html"
VIEWS = "views.json"
"""The files that each view needs at once, by its path; the build writes it."""
ANY = "*"
"""In the path of a view: whatever a request has in that place."""
ASSETS = "assets"
"""The folder of files whose names have a hash of their content."""
INSIDE = Path(__file__).parent / "files"
"""Where a wheel has the page."""
CHECKOUT = Path(__file__).parents[3] / "web" / "dist"
"""Where a checkout has it."""
HEAD_END = "</head>"
PRELOAD = '<link rel="modulepreload" crossorigin href="./{}" />'
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What may be served. The system's own table differs from machine to machine."""
CODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Compressed copies beside a file, the smallest first."""


@dataclass(frozen=True)
class PageFile:
    """One file, with its compressed copies."""

    media_type: str
    content: bytes
    tag: str
    lasting: bool
    """Whether another content would have another name."""
    compressed: Mapping[str, bytes]
    """By content coding, the preferred first."""


@dataclass(frozen=True)
class BuiltPage:
    """A built page."""

    document: str
    """The source of its only HTML document."""
    files: Mapping[str, PageFile]
    """The files by their path, such as `/assets/index-3f2a.js`."""
    views: Mapping[str, tuple[str, ...]]
    """The files that a view needs besides those that the document names, by its path, such as
    `/runs/*`."""

    def document_at(self, path: str) -> str:
        """The document as the view at a path needs it: a browser is told of the view's files with
        the others, not after they have run."""
        wanted = path.rstrip("/").split("/")
        found = (files for view, files in self.views.items() if _is_at(view, wanted))
        links = "".join(PRELOAD.format(file) for file in next(found, ()))
        return self.document.replace(HEAD_END, links + HEAD_END, 1)


def _is_at(view: str, wanted: list[str]) -> bool:
    segments = view.rstrip("/").split("/")
    if len(segments) != len(wanted):
        return False
    pairs = zip(segments, wanted, strict=True)
    return all(segment in (ANY, given) for segment, given in pairs)


def find_folder() -> Path | None:
    """The folder of the built page; None if it has not been built."""
    inside_checkout = CHECKOUT.parents[1] / "daemon" == Path(__file__).parents[2]
    folders = [INSIDE, *([CHECKOUT] if inside_checkout else [])]
    return next((each for each in folders if (each / INDEX).is_file()), None)


def read_page(folder: Path) -> BuiltPage:
    """Read a built page. It stays as it was read when the page is built again: its document would
    name files that are gone."""
    document = (folder / INDEX).read_text(encoding="utf-8")
    return BuiltPage(document, dict(_read_files(folder)), _read_views(folder / VIEWS))


def _read_views(file: Path) -> dict[str, tuple[str, ...]]:
    """The files of each view. Without them, the page is only slower."""
    if not file.is_file():
        return {}
    views: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return {path: tuple(files) for path, files in views.items()}


def _read_files(folder: Path) -> Iterator[tuple[str, PageFile]]:
    for file in sorted([*folder.glob("*"), *(folder / ASSETS).rglob("*")]):
        media_type = TYPES.get(file.suffix)
        if media_type is None or not file.is_file():
            continue
        content = file.read_bytes()
        compressed = {
            coding: copy.read_bytes()
            for coding, suffix in CODINGS
            if (copy := file.with_name(file.name + suffix)).is_file()
        }
        name = file.relative_to(folder)
        lasting = name.parts[0] == ASSETS
        yield (
            f"/{name.as_posix()}",
            PageFile(media_type, content, make_tag(content), lasting, compressed),
        )
