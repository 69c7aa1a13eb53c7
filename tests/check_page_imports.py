"""What `tests.check` checks of the imports of the web page: layers, cycles, sibling views, and
exports that nothing imports."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

LAYERS = ("api", "ui", "events", "parts", "shell", "routes")
"""Folders of `web/src`. Each may import those before it: `ui` is buttons and dialogs that know
nothing of harness, `parts` what several views show, `shell` what stands around every view."""
NOT_OF = {"ui": ("api",), "events": ("ui",)}
"""What a layer may not import although it comes before."""
GENERATED = ("routeTree.gen.ts", "schema.d.ts")
IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"([^"]+)"|\bimport\("([^"]+)"\)', re.MULTILINE)
DECLARED = re.compile(
    r"^export (?:async )?(?:function|const|let|class|interface|type) (\w+)", re.MULTILINE
)
BY_OTHERS = ("Route", "styleSingleton", "stylesheetSingleton", "styleHookSingleton")
"""What generated files and packages import."""
SUFFIXES = (".ts", ".tsx", ".d.ts", "/index.ts", "/index.tsx")

Graph = Mapping[str, set[str]]


def find_wrong_imports(sources: Path) -> Iterator[str]:
    """Say which files import what their layer may not, or each other."""
    graph = read_imports(sources)
    for file, imported in sorted(graph.items()):
        for other in sorted(imported):
            if reason := _refuse(file, other):
                yield f"web/src/{file} imports {other}: {reason}"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"web/src: a cycle of imports: {' imports '.join(reversed(error.args[1]))}"


def read_imports(sources: Path) -> Graph:
    """What each file imports of the other ones, as paths below `sources`; types too."""
    files = [file for file in sources.rglob("*.ts*") if file.name not in GENERATED]
    return {
        file.relative_to(sources).as_posix(): {
            found
            for match in IMPORT.finditer(file.read_text(encoding="utf-8"))
            if (found := _find(sources, file, match[1] or match[2]))
        }
        for file in files
    }


def _find(sources: Path, file: Path, name: str) -> str | None:
    """The file that an import means; None if it is a package or no script."""
    if name.startswith("@/"):
        base = os.path.normpath(sources / name.removeprefix("@/"))
    elif name.startswith("."):
        base = os.path.normpath(file.parent / name)
    else:
        return None
    for suffix in SUFFIXES:
        if (found := Path(base + suffix)).is_file() and found.name not in GENERATED:
            return found.relative_to(sources).as_posix()
    return None


def _refuse(file: str, other: str) -> str | None:
    """Why a file may not import another one; None if it may."""
    own, its = file.split("/"), other.split("/")
    if len(own) == 1:
        return None  # the entry
    if len(its) == 1 or own[0] not in LAYERS or its[0] not in LAYERS:
        return f"only the entry stands outside of {', '.join(LAYERS)}"
    if LAYERS.index(its[0]) > LAYERS.index(own[0]) or its[0] in NOT_OF.get(own[0], ()):
        return f"{own[0]} may not import {its[0]}; move what both need to an earlier layer"
    if own[0] == its[0] == "routes" and len(own) > 2 and len(its) > 2 and own[1] != its[1]:
        return "views do not import each other; move what both need to parts"
    return None


def find_unused_exports(sources: Path) -> Iterator[str]:
    """Say which exported names no other file has."""
    names: dict[str, set[Path]] = {}
    exported: list[tuple[Path, str]] = []
    for file in sorted(sources.rglob("*.ts*")):
        if file.name in GENERATED:
            continue
        text = file.read_text(encoding="utf-8")
        exported += [(file, name) for name in DECLARED.findall(text) if name not in BY_OTHERS]
        for name in set(re.findall(r"\w+", text)):
            names.setdefault(name, set()).add(file)
    for file, name in exported:
        if names[name] == {file}:
            yield f"web/src/{file.relative_to(sources)}: nothing imports {name}; do not export it"
