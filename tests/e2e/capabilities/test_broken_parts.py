"""Capabilities that are broken in every way are reported, and disturb nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes.broken_parts import IN_WORKERS, KINDS, RECORDS, broken_names
from tests.fakes.cli_environment import Run, running_worker, site_packages

pytestmark = pytest.mark.slow


def test_each_broken_part_is_listed_with_its_reason(run: Run) -> None:
    lines = map(json.loads, run("capabilities", "--json").stdout.splitlines())
    found = {each["name"]: each for each in lines}
    problems = {name: found[name].get("problem", "") for name in (*broken_names(), *RECORDS)}
    states = {name: found[name]["state"] for name in problems}
    assert set(states.values()) == {"broken"}, states
    for kind, what in KINDS.items():
        assert "nowhere.parts:PART cannot be loaded: Mod" in problems[f"{kind}_lost"], kind
        assert f"broken_parts:NUMBER is not {what}" in problems[f"{kind}_wrong"]
        raised = "broken_import:PART cannot be loaded: SystemExit: no licence"
        assert problems[f"{kind}_raises"] == raised
    for name, (_, said) in RECORDS.items():
        assert said in problems[name]
    assert found["notes"]["state"] == found["note_count"]["state"] == "enabled"


@pytest.mark.parametrize("name", ["workflows_wrong", "settings_raises", "bad_list"])
def test_a_broken_one_shows_its_reason(run: Run, name: str) -> None:
    shown = run("capabilities", "show", name).stdout
    assert "broken, broken_parts 1.0" in shown
    assert any(words in shown for words in ("is not a", "cannot be loaded", "must be a"))


def test_agents_are_served_beside_what_breaks_in_workers(
    run: Run, environment: Path, project: Path, env: dict[str, str]
) -> None:
    assert "takes_workflow" in IN_WORKERS
    with running_worker(environment, project, env, "assistant.py:agent"):
        said = run("run", "What is 2 + 2?", "--agent", "assistant.py:agent", "--json").stdout
    last = json.loads(said.splitlines()[-1])
    assert last["totals"]["turns"] == 1


FAULTY = """
from argparse import Namespace
from harness.extensions import JSON, Capability, Command

FAULTY = Capability(
    name="faulty", summary="Fail.", migrations="harness_faulty", commands="harness_faulty:COMMANDS"
)
COMMANDS = (Command("fault", "Count.", "harness_faulty:count", (JSON,)),)
REVISIONS = ("0001", "0002")

async def count(args, out):
    from harness.extensions import open_client

    async with open_client(out) as client:
        rows = await client.connection.database.fetch("SELECT count(*) FROM harness_faulty.two")
    out.line({"rows": rows[0][0]})
    return 0
"""
STEP = """
from alembic import op
revision = {revision!r}
down_revision = {before!r}
def upgrade():
    op.execute("CREATE TABLE harness_faulty.{table} (id text)")
    {fault}
"""


@pytest.fixture
def faulty(environment: Path) -> Generator[Path]:
    """The folder of a package's migrations."""
    site = site_packages(environment)
    info, package = site / "harness_faulty-1.0.dist-info", site / "harness_faulty"
    info.mkdir()
    point = "faulty = harness_faulty:FAULTY"
    (info / "entry_points.txt").write_text(f"[harness.capabilities]\n{point}\n")
    (package / "versions").mkdir(parents=True)
    (package / "__init__.py").write_text(FAULTY)
    yield package / "versions"
    shutil.rmtree(info)
    shutil.rmtree(package)


def test_a_migration_that_fails_leaves_nothing_and_is_tried_again(
    run: Run, environment: Path, project: Path, env: dict[str, str], faulty: Path
) -> None:
    first = STEP.format(revision="0001", before=None, table="one", fault="pass")
    (faulty / "0001_one.py").write_text(first)
    run("up", "--detach")
    for fault, said in {
        "raise RuntimeError('no luck\\nat all')": "its migration failed: RuntimeError: no luck",
        "op.execute('SELECT 1 / 0')": "its migration failed: DivisionByZero: division by zero",
        "op.execute('SET LOCAL statement_timeout = 1'); op.execute('SELECT pg_sleep(5)')": (
            "its migration failed: QueryCanceled: canceling statement due to statement timeout"
        ),
    }.items():
        second = STEP.format(revision="0002", before="0001", table="two", fault=fault)
        (faulty / "0002_two.py").write_text(second)
        error = json.loads(run("fault", "--json", code=2).stdout)["error"]
        assert error["code"] == "config.broken_capability"
        assert error["message"].endswith(f"(harness_faulty 1.0) is broken: {said}")
        others = run("notes")
        assert said in others.stderr and "a capability is disabled" in others.stderr
        checks = map(json.loads, run("doctor", "--json", code=1).stdout.splitlines())
        details = {each["name"]: each["detail"] for each in checks}
        assert details["capability faulty"] == "Schema harness_faulty is missing; 0002 is needed."
    repaired = STEP.format(revision="0002", before="0001", table="two", fault="pass")
    (faulty / "0002_two.py").write_text(repaired)
    assert json.loads(run("fault", "--json").stdout) == {"rows": 0}
