"""The public API is typed for users: the checker must report what is marked, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MARK = "# error"
FILES = sorted((ROOT / "tests" / "types").glob("*.py"))


@pytest.fixture(scope="module")
def reported() -> dict[Path, dict[int, str]]:
    """Errors by file and line, of one run for all files: it loads every stub once."""
    checker = Path(sys.executable).parent / "basedpyright"
    command = [str(checker), "--outputjson", "--level", "error", *map(str, FILES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found: dict[Path, dict[int, str]] = {file: {} for file in FILES}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        found[Path(each["file"])][each["range"]["start"]["line"] + 1] = each["message"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_checker_reports_the_marked_lines_alone(
    file: Path, reported: dict[Path, dict[int, str]]
) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith(MARK)}
    found = reported[file]
    missed = [lines[number - 1] for number in sorted(marked - found.keys())]
    surplus = {lines[number - 1]: found[number] for number in sorted(found.keys() - marked)}
    assert marked and not missed and not surplus
