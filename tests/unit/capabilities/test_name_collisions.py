"""A name that two capabilities claim belongs to the first. The other one is reported and left out
as a whole, so that asking again gives the same answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

RECORDS = """
from harness.contracts.capability import Capability

first = Capability("first", "A.", providers=(("shared", "a:A"), ("one", "a:A")))
second = Capability(
    "second", "B.", providers=(("two", "b:B"), ("shared", "b:B")), commands="claims:SECOND"
)
third = Capability("third", "C.", commands="claims:THIRD")
"""
CLAIMS = """
from harness.cli.spec import Command

SECOND = ()
THIRD = (Command("mine", "A.", "a:A"), Command("run", "B.", "b:B"))
"""
ASK = """
import json, site, sys
site.getsitepackages = lambda: [sys.argv[1]]
sys.path.append(sys.argv[1])
from harness.capabilities.registry import find_problems, provider_kinds
kinds = [provider_kinds(), provider_kinds()]
from harness.cli.commands import BY_NAME
print(json.dumps([*kinds, find_problems(), "mine" in BY_NAME, BY_NAME["run"].target]))
"""


def test_the_answer_stays_the_same(tmp_path: Path) -> None:
    info = tmp_path / "claims-1.0.dist-info"
    info.mkdir()
    points = "".join(f"{name} = records:{name}\n" for name in ("first", "second", "third"))
    (info / "entry_points.txt").write_text(f"[harness.capabilities]\n{points}")
    (tmp_path / "records.py").write_text(RECORDS)
    (tmp_path / "claims.py").write_text(CLAIMS)
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    said = subprocess.check_output([sys.executable, "-c", ASK, tmp_path], cwd=tmp_path, env=env)
    kinds, again, problems, has_mine, run = json.loads(said)
    assert kinds == again
    assert kinds["shared"] == kinds["one"] == "a:A" and "two" not in kinds
    assert problems["second"] == "the provider kind 'shared' exists already"
    assert problems["third"] == "the command 'run' already exists"
    assert not has_mine and run.startswith("harness.")
