"""The systemd units, checked by systemd itself where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    units = []
    for unit in UNITS:
        # As instances, with a program that exists here.
        target = tmp_path / unit.name.replace("@.", "@7720.")
        target.write_text(unit.read_text().replace("/opt/harness/bin/harness", "/bin/true"))
        units.append(str(target))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_have_few_rights(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    assert "User=harness" in lines
    assert "NoNewPrivileges=yes" in lines
    assert "ProtectSystem=strict" in lines
    assert "CapabilityBoundingSet=" in lines


def test_only_workers_have_the_keys_of_providers() -> None:
    having = [unit.name for unit in UNITS if "/etc/harness/providers" in unit.read_text()]
    assert having == ["harness-worker@.service"]
