"""The layers' budgets hold: too slow a test fails, and loading a module is not held against it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
CONFTEST = Path(__file__).parents[2] / "conftest.py"
BURN = """
import time

def burn(seconds):
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass
"""
CASES = {
    "unit/test_slow.py": (f"{BURN}\ndef test_it(): burn(0.8)", "budget of this layer is 100 ms"),
    "unit/test_quick.py": (f"{BURN}\ndef test_it(): burn(0.01)", "1 passed"),
    "unit/test_loads.py": ("def test_it():\n    import slow_module", "1 passed"),
    "unit/test_waits.py": ("import time\ndef test_it(): time.sleep(0.2)", "1 passed"),
    "unit/test_awaits.py": (f"{BURN}\nasync def test_it(): burn(0.8)", "budget of this layer"),
    "prevalidation/test_slow.py": (f"{BURN}\ndef test_it(): burn(0.02)", "layer is 1 ms"),
    "prevalidation/test_first_slow.py": (
        f"{BURN}\ncalls = []\n"
        "def test_it():\n    calls.append(1)\n    burn(0.002 if len(calls) == 1 else 0)",
        "1 passed",
    ),
    "e2e/test_slow.py": (f"{BURN}\ndef test_it(): burn(0.2)", "1 passed"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_budget_is_enforced(tmp_path: Path, name: str) -> None:
    source, told = CASES[name]
    file = tmp_path / name
    file.parent.mkdir()
    file.write_text(source)
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "slow_module.py").write_text(f"{BURN}\nburn(0.2)")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\npythonpath = .\n")
    command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", str(file)]
    # Unmeasured: under coverage the budgets are wider.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert told in done.stdout, done.stdout
