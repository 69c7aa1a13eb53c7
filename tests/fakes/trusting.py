"""Trusting a project in tests, by the command that its user would run."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from pathlib import Path

from harness.cli.out import Out
from harness.cli.stack.trust import review_trust


def trust_project(folder: Path, *flags: str, json: bool = False) -> None:
    """`harness trust` in `folder`, with --yes unless `flags` says otherwise."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        given = flags or ("yes",)
        asked = Namespace(**{name: name in given for name in ("list", "remove", "yes")})
        assert asyncio.run(review_trust(asked, Out(json=json))) == 0
    finally:
        os.chdir(here)
