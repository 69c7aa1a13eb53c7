"""The Temporal server and its schema tool, compiled from their Go module and kept in build/."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

VERSION = "v1.32.0"
"""The version that the local Temporal has."""
MODULE = "go.temporal.io/server"
BUILD_S = 1800.0
BUILD = Path(__file__).parents[2] / "build"
PACKAGES = ("cmd/server", "cmd/tools/sql")


class GoMissing(Exception):
    """There is no Go to compile the server with."""


@dataclass(frozen=True)
class TemporalBuild:
    server: Path
    schema_tool: Path
    schemas: Path
    """The folder with the versioned schemas for Postgres."""

    @property
    def is_complete(self) -> bool:
        return all(path.exists() for path in (self.server, self.schema_tool, self.schemas))


def find_build() -> TemporalBuild:
    """Find where the compiled server is, or will be."""
    folder = BUILD / f"temporal-{VERSION}"
    return TemporalBuild(folder / "server", folder / "temporal-sql-tool", folder / "schema")


async def build_temporal(say: Callable[[str], None]) -> TemporalBuild:
    """Compile what is not there yet; the first time takes minutes."""
    build = find_build()
    if not build.is_complete:
        if shutil.which("go") is None:
            raise GoMissing(
                "The cluster's Temporal server is compiled from its Go module, and `go` is not on "
                "PATH. Install Go 1.26 or newer: https://go.dev/dl/."
            )
        say(f"compiling {MODULE} {VERSION}: some minutes, once")
        await asyncio.to_thread(_compile, build.server.parent)
    return build


def _compile(folder: Path) -> None:
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        # `go install` checks the module against Go's checksum database.
        packages = [f"{MODULE}/{path}@{VERSION}" for path in PACKAGES]
        _run_go("install", *packages, env={"GOBIN": str(draft)})
        (draft / "sql").rename(draft / "temporal-sql-tool")  # as in Temporal's images
        found = json.loads(_run_go("mod", "download", "-json", f"{MODULE}@{VERSION}"))
        schemas = Path(found["Dir"]) / "schema" / "postgresql" / "v12"
        shutil.copytree(schemas, draft / "schema")
        for path in (draft / "schema", *(draft / "schema").rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)  # Go's cache is read-only
        shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_go(*words: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["go", *words],
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"`go {' '.join(words)}` failed:\n{done.stderr[-2000:]}")
    return done.stdout
