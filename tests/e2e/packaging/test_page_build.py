"""The page is built once by npm, with the pinned Node, and a build that fails says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.installed import ROOT

BUILD = ROOT / "web" / "build.py"
SCRIPT = """
import { mkdirSync, readFileSync, writeFileSync, appendFileSync } from "node:fs";
mkdirSync("dist", { recursive: true });
appendFileSync("builds.gen.ts", "x");
writeFileSync("dist/index.html", readFileSync("index.html", "utf8") + process.version);
"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A small page that is built as ours is."""
    package = {"name": "page", "version": "0.0.0", "scripts": {"build": "node script.mjs"}}
    lock = {"name": "page", "version": "0.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    (tmp_path / "script.mjs").write_text(SCRIPT)
    (tmp_path / "index.html").write_text("page ")
    (tmp_path / "build.py").write_text(BUILD.read_text())
    return tmp_path


def start_build(web: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "build.py"],
        cwd=web,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def build(web: Path) -> tuple[int | None, str, str]:
    process = start_build(web)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def count_builds(web: Path) -> int:
    return len((web / "builds.gen.ts").read_text())


def test_a_page_is_built_once(web: Path) -> None:
    both = [start_build(web), start_build(web)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(map(len, (line.splitlines() for line in said))) == [0, 2], "two lines, from one"
    # The wheel's Node, whatever the system has.
    assert (web / "dist" / "index.html").read_text().startswith("page v24.")
    for neighbour in ("dist/more.js", "node_modules/x.js", ".page.swp", "routeTree.gen.ts"):
        (web / neighbour).parent.mkdir(exist_ok=True)
        (web / neighbour).write_text("not a source")
    assert build(web) == (0, "", "")
    assert count_builds(web) == 1
    (web / "index.html").write_text("changed ")
    assert build(web)[0] == 0
    assert count_builds(web) == 2


def test_a_build_that_fails(web: Path) -> None:
    (web / "script.mjs").write_text("console.error('Error: no such route'); process.exit(1)")
    code, _, err = build(web)
    assert code == 1
    assert err.count("\n") == 1
    assert "`npm run build` failed (Error: no such route)" in err
    assert err.endswith("build.py --verbose\n")
    assert not (web / "dist").exists()
