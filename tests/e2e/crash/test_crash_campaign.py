"""A small part of `make crash`: every kind of kill, and no violation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.plan import KINDS

ROOT = Path(__file__).resolve().parents[3]
TRIALS = 60


@pytest.mark.campaign
def test_nothing_is_lost_doubled_or_shown_twice(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.crash", "--trials", str(TRIALS), "--seed", "1"]
    done = subprocess.run(
        [*command, "--json", str(figures), "--keep", str(tmp_path / "kept")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=290,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    rows = {row["kind of kill"]: row for row in json.loads(figures.read_text())["rows"]}
    assert rows["all"]["trials"] == TRIALS, said
    assert {kind.title for kind in KINDS} <= set(rows), said
    # A server is killed only while no worker is stopped: a run may be over by then.
    assert rows["all"]["hit"] >= TRIALS * 3 // 4, said
