"""What `tests.check` checks of the web page: sizes, and that no lock file names a registry."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = ".vite/manifest.json"
"""Vite's, which says what each file imports."""
ENTRY = "index.html"
FIRST_VIEW = "src/routes/runs/index.tsx"
"""The route that the page opens with."""
MOST_BYTES = 165_000
"""Scripts and styles until the list of runs is shown, gzipped, without fonts."""
NPM_FOLDERS = ("web", "tests/npm")
MOST_LINES = 300
"""Of a TypeScript file."""
GENERATED = ("schema.d.ts", "routeTree.gen.ts")


def find_excess(dist: Path) -> Iterator[str]:
    """Say if the first view loads too much."""
    if not (dist / MANIFEST).is_file():
        yield "web/dist: not built; run make setup"
        return
    files = list_first_files(json.loads((dist / MANIFEST).read_text()))
    sizes = {each: len(gzip.compress((dist / each).read_bytes(), 9)) for each in files}
    if (total := sum(sizes.values())) > MOST_BYTES:
        largest = sorted(sizes, key=lambda each: -sizes[each])[:5]
        told = ", ".join(f"{each} {sizes[each]}" for each in largest)
        yield f"web: the first view loads {total} bytes gzipped, {MOST_BYTES} at most: {told}"


def list_first_files(manifest: dict[str, Any]) -> set[str]:
    """The scripts and styles of the first view: the entry and its route, with all that they
    import before they run."""
    route = [key for key in manifest if key.partition("?")[0] == FIRST_VIEW]
    if not route:
        raise ValueError(f"{MANIFEST} has no {FIRST_VIEW}: name the route of the first view")
    found, left = set[str](), [ENTRY, *route]
    seen = set(left)
    while left:
        chunk = manifest[left.pop()]
        found |= {chunk["file"], *chunk.get("css", ())}
        new = set(chunk.get("imports", ())) - seen
        seen |= new
        left += new
    return found


def find_long_files(sources: Path) -> Iterator[str]:
    """Say which TypeScript files are too long to read in one go."""
    for file in sorted([*sources.rglob("*.ts"), *sources.rglob("*.tsx")]):
        if file.name in GENERATED:
            continue
        if (lines := len(file.read_text().splitlines())) > MOST_LINES:
            yield f"{file.relative_to(sources.parent.parent)}: {lines} lines, at most {MOST_LINES}"


def find_registries(root: Path) -> Iterator[str]:
    """Say which folders of npm name a registry, or would write one into their lock file."""
    for folder in NPM_FOLDERS:
        settings = (root / folder / ".npmrc").read_text().splitlines()
        if "omit-lockfile-registry-resolved=true" not in settings:
            yield f"{folder}/.npmrc: needs omit-lockfile-registry-resolved=true"
        if any("registry=" in line for line in settings):
            yield f"{folder}/.npmrc: names a registry"
        lock = json.loads((root / folder / "package-lock.json").read_text())
        for name, package in lock["packages"].items():
            if "resolved" in package and not package.get("link"):
                yield f"{folder}/package-lock.json: {name} names {package['resolved']}"
