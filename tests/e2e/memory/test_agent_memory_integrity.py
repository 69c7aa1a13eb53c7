"""The nine edits of agent-memory-integrity (PyPI), unchanged, against our stores: memories refuse
them when they are read, and a check of the archive or of an export reports them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.fixtures import model_server as model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.servers import Engine, make_options
from tests.fakes.suites import ENVIRONMENT, FOLDER, suite_command

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]


async def check(adapter: str, settings: dict[str, Any], folder: Path) -> dict[str, str]:
    """Run the suite's own command over one adapter; the verdict of each edit."""
    await asyncio.to_thread(suite_command, "agmi-check")
    # The suite needs nothing, so it runs beside harness: only its own folder is added.
    [packages] = (ENVIRONMENT / "lib").glob("python*/site-packages/agmi")
    (folder / "packages").mkdir()
    (folder / "packages" / "agmi").symlink_to(packages)
    report = folder / "report.json"
    path = [str(folder / "packages"), str(FOLDER), str(ROOT)]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "agmi.check", "--adapter", adapter, "--fail-on", "none",
         "--json", str(report)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path),
             "SUITE_SETTINGS": json.dumps(settings)},
        capture_output=True, text=True, timeout=240, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    edits = json.loads(report.read_text())["edits"]
    print(done.stdout, *(f"{each['edit']}: {each['detail']}" for each in edits), sep="\n")
    return {each["edit"].partition(" ")[0]: each["verdict"] for each in edits}


async def test_memories_refuse_every_edit_when_they_are_read(
    engine: Engine, runs_database: str, model_server: ModelServer, tmp_path: Path
) -> None:
    settings = {**make_options(engine, runs_database, model_server), "memory": {"embedder": ""}}
    found = await check("agmi_stores:MemoryStore", settings, tmp_path)
    assert found == {f"T{n}": "REJECTED" for n in range(1, 10)}


async def test_a_check_of_the_archive_reports_every_edit(
    engine: Engine, database_url: str, model_server: ModelServer, tmp_path: Path
) -> None:
    settings = make_options(engine, database_url, model_server)
    found = await check("agmi_archive:Archive", settings, tmp_path)
    assert found == {f"T{n}": "REPORTED" for n in range(1, 10)}


async def test_without_a_token_only_a_shorter_archive_is_accepted(
    engine: Engine, database_url: str, model_server: ModelServer, tmp_path: Path
) -> None:
    settings = make_options(engine, database_url, model_server)
    found = await check("agmi_archive:ArchiveAlone", settings, tmp_path)
    shorter = dict.fromkeys(("T2", "T9"), "ACCEPTED")
    assert found == {f"T{n}": "REPORTED" for n in range(1, 10)} | shorter


@pytest.mark.parametrize("adapter", ["Export", "ResealedExport"])
async def test_a_check_of_an_export_reports_every_edit(
    engine: Engine, database_url: str, model_server: ModelServer, tmp_path: Path, adapter: str
) -> None:
    """One export has no older copy: T9 does not apply."""
    settings = make_options(engine, database_url, model_server)
    found = await check(f"agmi_archive:{adapter}", settings, tmp_path)
    assert found == {f"T{n}": "REPORTED" for n in range(1, 9)} | {"T9": "NOT EVALUABLE"}
