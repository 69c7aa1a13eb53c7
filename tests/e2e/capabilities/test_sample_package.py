"""A package of somebody else adds a capability: installed into an environment of its own, used
through every part that a record can name. Beside it are others that are broken in every way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.fakes.cli_environment import Run
from tests.fakes.installed import ROOT

pytestmark = pytest.mark.slow


def listed(run: Run) -> dict[str, dict[str, str]]:
    lines = run("capabilities", "--json").stdout.splitlines()
    return {each["name"]: each for each in map(json.loads, lines)}


@pytest.mark.usefixtures("broken")
def test_it_is_listed_and_a_broken_one_disturbs_nothing(run: Run) -> None:
    found = listed(run)
    assert found["notes"]["state"] == "enabled"
    assert found["notes"]["source"] == "harness_notes 0.1.0"
    assert found["broken"]["state"] == "broken"
    assert "nowhere" in found["broken"]["problem"]
    taken = found["stack (broken 1.0)"]
    assert taken["state"] == "broken" and "another capability" in taken["problem"]
    assert found["stack"]["state"] == "enabled"
    assert found["needy"]["state"] == "broken" and "nothere" in found["needy"]["problem"]


def test_it_shows_what_it_adds(run: Run) -> None:
    parts = json.loads(run("capabilities", "show", "notes", "--json").stdout)["parts"]
    assert parts == {
        "command": ["harness note", "harness agent-tools", "harness notes"],
        "setting": ["notes.prefix"],
        "provider": ["parrot", "starling"],
        "embedder": ["parrot"],
        "tool": ["count_words"],
        "workflow": ["ListAgentTools", "SaveNote"],
        "activities": [
            "harness_notes.agents:make_activities",
            "harness_notes.activities:make_activities",
        ],
        "model interceptor": ["harness_notes.intercepting:limit_prompts"],
        "tool interceptor": ["harness_notes.intercepting:limit_arguments"],
        "route": ["GET /notes/count"],
        "panel": ["view notes", "run events", "view broken"],
        "migration": ["harness_notes 0001_note"],
        "error": ["notes.empty", "notes.too_long"],
    }
    parts = json.loads(run("capabilities", "show", "note_count", "--json").stdout)["parts"]
    assert parts["service"] == ["harness_notes.counting:serve_schedule"]
    assert parts["run watch"] == ["harness_notes.watching:watch_runs"]
    assert parts["workflow"] == ["CountNotes"]


def test_its_record_has_one_of_everything(environment: Path) -> None:
    """So that each kind of part is proven by a package."""
    script = """
from harness_notes.capability import NOTES, NOTE_COUNT
print([name for name, *values in zip(NOTES._fields, NOTES, NOTE_COUNT) if not any(values)])
"""
    said = subprocess.check_output([environment / "python", "-c", script], text=True)
    assert said == "['essential']\n", "what other parts of harness need is never a package's"


def test_its_commands_stand_in_the_help(run: Run) -> None:
    assert "Save a note." in run("--help").stdout
    assert "What to note." in run("note", "--help").stdout
    told = run("config", "show", "--json")
    assert "[removed]" in told.stderr, "of a package that is not installed"
    shown = told.stdout
    assert '"notes.prefix", "value": "Note: "' in shown


@pytest.mark.usefixtures("_worker")
def test_its_workflow_writes_to_its_own_schema(run: Run) -> None:
    assert json.loads(run("note", "milk", "--json").stdout) == {"saved": "Note: milk"}
    assert run("notes").stdout == "Note: milk\n"


@pytest.mark.usefixtures("_worker")
def test_its_error_keeps_its_code_and_its_fix(run: Run) -> None:
    error = json.loads(run("note", " ", "--json", code=1).stdout)["error"]
    assert error["code"] == "notes.empty"
    assert error["fix"] == "Write something: harness note TEXT"


@pytest.mark.usefixtures("_worker")
def test_a_workflow_that_harness_did_not_start_is_refused(
    run: Run, environment: Path, project: Path, env: dict[str, str]
) -> None:
    script = """
import asyncio, sys
from temporalio.client import WorkflowFailureError
from harness import Harness
from harness.contracts.queues import capability_queue
from harness.store.store_id import get_store_id

async def main():
    async with Harness.connect() as harness:
        connection = harness.connection
        queue = capability_queue("notes", await get_store_id(connection.database))
        options = {"id": "by-hand", "task_queue": queue, "memo": {"permit": "a.b.c"}}
        for memo in ({}, {"permit": "a.b.c"}):
            options = {"id": f"by-hand-{len(memo)}", "task_queue": queue, "memo": memo}
            handle = await connection.temporal.start_workflow("SaveNote", "planted", **options)
            try:
                print(await handle.result())
            except WorkflowFailureError as error:
                print(error.cause.cause.type)

asyncio.run(main())
"""
    done = subprocess.run(
        [environment / "python", "-c", script],
        cwd=project, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["run.unsigned", "run.forged"], done.stderr
    assert "planted" not in run("notes").stdout


def test_its_route_is_served(
    run: Run, environment: Path, project: Path, env: dict[str, str]
) -> None:
    token = json.loads(run("token", "create", "--json").stdout)["token"]
    daemon = subprocess.Popen(
        [environment / "harness", "serve", "--no-worker", "--port", "0", "--json"],
        cwd=project, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert daemon.stdout is not None
        url = json.loads(daemon.stdout.readline())["url"]
        headers = {"Authorization": f"Bearer {token}"}
        counted = httpx.get(f"{url}/api/v1/notes/count", headers=headers).json()
        assert counted == {"notes": len(run("notes").stdout.splitlines())}
    finally:
        daemon.terminate()
        daemon.wait(30)


def test_its_provider_passes_the_conformance_suite(environment: Path, project: Path) -> None:
    """That of the installed package, without pytest and without the tests of harness."""
    script = ROOT / "tests" / "sample_package" / "check_starling.py"
    done = subprocess.run(
        [environment / "python", script], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "25 of 25 cases\n"


EMBED = """
import asyncio
from harness.config.load import load_settings
from harness.extensions import make_embedder

settings = load_settings()
one, other = asyncio.run(make_embedder(settings, "polly/letters").embed(["tea", "eat"]))
print(len(one), one == other)
"""


def test_its_embedder_embeds(environment: Path, project: Path, env: dict[str, str]) -> None:
    told = subprocess.run(
        [environment / "python", "-c", EMBED], cwd=project, env=env, capture_output=True, text=True
    )
    assert told.stdout == "26 True\n", told.stderr


@pytest.mark.usefixtures("_worker")
def test_its_provider_answers(run: Run) -> None:
    said = run("run", "Hello", "--agent", "agent.py:agent", "--json").stdout
    assert "polly says: Hello" in said


@pytest.mark.usefixtures("_worker")
def test_its_interceptors_stand_around_model_calls_and_tool_calls(run: Run) -> None:
    agent = ("--agent", "agent.py:agent", "--json")
    assert "polly says: 2" in run("run", "count two words", *agent).stdout
    assert "polly says: The text has 1,010" in run("run", "count " + "x" * 1_010, *agent).stdout
    failed = run("run", "y" * 10_001, *agent, code=1).stdout
    assert "notes.too_long" in failed


@pytest.mark.usefixtures("_worker")
def test_its_workflow_on_the_queue_of_an_agent_sees_the_agent(run: Run) -> None:
    said = run("agent-tools", "counter", "--json").stdout
    assert json.loads(said) == {"tools": "counter can use: count_words"}


COUNT = """
import asyncio
from harness import Harness
from harness.extensions import own_queue
from harness_notes.capability import NOTE_COUNT

async def main():
    async with Harness.connect() as harness:
        connection = harness.connection
        queue = await own_queue(connection, NOTE_COUNT)
        temporal = connection.temporal
        by_hand = await temporal.start_workflow("CountNotes", id="by-hand", task_queue=queue)
        print("by hand:", await by_hand.result() >= 0)
        schedule = temporal.get_schedule_handle(queue)
        while not (actions := (await schedule.describe()).info.recent_actions):
            await asyncio.sleep(0.2)
        started = actions[0].action
        handle = temporal.get_workflow_handle(started.workflow_id, result_type=int)
        print("by the schedule:", await handle.result() >= 0)

asyncio.run(main())
"""


@pytest.mark.usefixtures("_worker")
def test_its_service_keeps_a_schedule_whose_workflow_needs_no_permit(
    environment: Path, project: Path, env: dict[str, str]
) -> None:
    done = subprocess.run(
        [environment / "python", "-c", COUNT],
        cwd=project, env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "by hand: True\nby the schedule: True\n", done.stderr


SET_REVISION = """
import asyncio, sys
from harness import Harness

async def main():
    async with Harness.connect() as harness:
        statement = "UPDATE harness_notes.alembic_version SET version_num = %s"
        await harness.connection.database.fetch(statement, (sys.argv[1],))

asyncio.run(main())
"""


@pytest.mark.usefixtures("broken")
def test_no_run_is_served_beside_a_record_that_does_not_load(run: Run) -> None:
    """It may have named what limits runs."""
    said = run("run", "What is 2 + 2?", "--agent", "assistant.py:agent", "--json", code=2).stdout
    error = json.loads(said.splitlines()[-1])["error"]
    assert error["code"] == "config.broken_capability"
    assert "broken (unloadable 1.0)" in error["message"]
    run("capabilities", "disable", "broken")
    try:
        run("run", "What is 2 + 2?", "--agent", "assistant.py:agent")
    finally:
        run("capabilities", "enable", "broken")


def test_one_whose_schema_is_newer_does_not_leave_runs_unlimited(
    run: Run, environment: Path, project: Path, env: dict[str, str]
) -> None:
    """It has interceptors, and a worker does not serve without them."""

    def set_revision(revision: str) -> None:
        subprocess.run(
            [environment / "python", "-c", SET_REVISION, revision], cwd=project, env=env, check=True
        )

    run("up", "--detach")
    run("notes")
    set_revision("9999")
    try:
        asked = ("run", "What is 2 + 2?", "--agent", "assistant.py:agent", "--json")
        for words in (asked, ("notes", "--json")):
            error = json.loads(run(*words, code=2).stdout.splitlines()[-1])["error"]
            assert error["code"] == "config.broken_capability"
            assert "notes (harness_notes 0.1.0)" in error["message"] and "9999" in error["message"]
        checks = map(json.loads, run("doctor", "--json", code=1).stdout.splitlines())
        (broken,) = [each for each in checks if each["name"] == "capability notes"]
        assert not broken["ok"] and "harness_notes 0.1.0 knows up to 0001" in broken["detail"]
    finally:
        set_revision("0001")


@pytest.mark.usefixtures("broken")
def test_a_disabled_one_is_gone_and_its_settings_do_no_harm(run: Run) -> None:
    assert "note_count needs notes" in run("capabilities", "disable", "notes", code=2).stderr
    run("capabilities", "disable", "note_count")
    run("capabilities", "disable", "notes")
    try:
        assert "Save a note." not in run("--help").stdout
        refused = run("note", "milk", code=2)
        assert "Not loaded: " in refused.stderr and " broken," in refused.stderr
        assert (
            "Disabled: note_count, notes; to enable: harness capabilities enable" in refused.stderr
        )
        assert listed(run)["notes"]["state"] == "disabled"
        refused = run("config", "show", code=2)
        assert "parrot" in refused.stderr
    finally:
        run("capabilities", "enable", "notes")
        run("capabilities", "enable", "note_count")
    assert "Save a note." in run("--help").stdout


def test_what_others_need_cannot_be_disabled(run: Run) -> None:
    assert "cannot be disabled" in run("capabilities", "disable", "runs", code=2).stderr
    assert "no capability" in run("capabilities", "show", "nothing", code=2).stderr


@pytest.mark.usefixtures("broken")
def test_the_doctor_names_a_broken_one(run: Run) -> None:
    checks = [json.loads(line) for line in run("doctor", "--json", code=1).stdout.splitlines()]
    (broken,) = [each for each in checks if each["name"] == "capability broken"]
    assert "harness capabilities disable broken" in broken["fix"]


def test_a_package_in_the_current_folder_is_not_loaded(
    environment: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    """Not even where the folder is on the path: it may be a download."""
    hostile = tmp_path / "hostile-1.0.dist-info"
    hostile.mkdir()
    (hostile / "entry_points.txt").write_text("[harness.capabilities]\nhostile = hostile:X\n")
    (tmp_path / "hostile.py").write_text("open('taken', 'w').close()\n")
    script = (
        "import sys; sys.path.insert(0, ''); sys.argv[1:] = ['capabilities']\n"
        "from harness.cli.main import main; main()"
    )
    done = subprocess.run(
        [environment / "python", "-c", script],
        cwd=tmp_path, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("stack"), done.stderr
    assert "hostile" not in done.stdout
    assert not (tmp_path / "taken").exists()
