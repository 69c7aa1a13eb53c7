"""Trusting a project in tests, by the command that its user would run."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from pathlib import Path

from harness.cli.out import Out
from harness.cli.trust import trust


def trust_project(folder: Path) -> None:
    """`harness trust --yes` in `folder`."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        asked = Namespace(list=False, remove=False, yes=True)
        assert asyncio.run(trust(asked, Out(json=False))) == 0
    finally:
        os.chdir(here)
