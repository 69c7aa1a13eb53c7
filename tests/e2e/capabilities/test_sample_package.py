"""A package of somebody else adds a capability: installed into an environment of its own, used
through every part that a record can name. Beside it is one that does not load."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.installed import ROOT, build_wheel, install, make_environment

SAMPLE = ROOT / "tests" / "sample_package"
SETTINGS = """
[notes]
prefix = "Note: "

[providers.polly]
kind = "parrot"
"""
AGENT = """
from harness import Agent
from harness_notes.tools import count_words

agent = Agent("counter", model="polly/loud", tools=[count_words])
"""
PLAIN = 'from harness import Agent\nagent = Agent("plain")\n'
BROKEN = """[harness.capabilities]
broken = nowhere.capability:BROKEN
stack = x:y
needy = needy:NEEDY
"""
NEEDY = """
from harness.extensions import Capability
NEEDY = Capability(name="needy", summary="Need something.", requires=("nothere",))
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    wheel = build_wheel(ROOT, folder / "dist")
    python = make_environment(folder)
    install(python, wheel, SAMPLE)
    site = subprocess.check_output(
        [python, "-c", "import site; print(site.getsitepackages()[0])"], text=True
    ).strip()
    broken = Path(site) / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "entry_points.txt").write_text(BROKEN)
    (Path(site) / "needy.py").write_text(NEEDY)
    return python.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "harness.toml").write_text(SETTINGS)
    (folder / "agent.py").write_text(AGENT)
    (folder / "assistant.py").write_text(PLAIN)
    return folder


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "HARNESS", "PYTHON"))}
    return {**kept, "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}


@pytest.fixture(scope="module")
def run(environment: Path, project: Path, env: dict[str, str]) -> Iterator[Run]:
    def call(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [environment / "harness", *words], cwd=project, env=env, capture_output=True, text=True
        )
        assert done.returncode == code, f"{words}:\n{done.stdout}\n{done.stderr}"
        return done

    call("trust", "--yes")
    yield call
    call("down")


@pytest.fixture(scope="module")
def _worker(environment: Path, project: Path, env: dict[str, str], run: Run) -> Iterator[None]:
    with running_worker(environment, project, env):
        yield


@contextmanager
def running_worker(
    environment: Path, project: Path, env: dict[str, str], agent: str = "agent.py:agent"
) -> Generator[None]:
    process = subprocess.Popen(
        [environment / "harness", "worker", agent],
        cwd=project, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        name = "counter" if agent.startswith("agent.py") else "plain"
        assert any(name in line for line in process.stdout), "it says what it serves"
        yield
    finally:
        process.terminate()
        process.wait()


def listed(run: Run) -> dict[str, dict[str, str]]:
    lines = run("capabilities", "--json").stdout.splitlines()
    return {each["name"]: each for each in map(json.loads, lines)}


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
        "command": ["harness note", "harness notes"],
        "setting": ["notes.prefix"],
        "provider": ["parrot"],
        "tool": ["count_words"],
        "workflow": ["SaveNote"],
        "activities": ["harness_notes.activities:make_activities"],
        "migration": ["harness_notes 0001_note"],
        "error": ["notes.empty"],
    }


def test_its_commands_stand_in_the_help(run: Run) -> None:
    assert "Save a note." in run("--help").stdout
    assert "What to note." in run("note", "--help").stdout
    shown = run("config", "show", "--json").stdout
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
from harness.store.seals import get_store_id

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


@pytest.mark.usefixtures("_worker")
def test_its_provider_answers(run: Run) -> None:
    said = run("run", "Hello", "--agent", "agent.py:agent", "--json").stdout
    assert "polly says: Hello" in said


SET_REVISION = """
import asyncio, sys
from harness import Harness

async def main():
    async with Harness.connect() as harness:
        statement = "UPDATE harness_notes.alembic_version SET version_num = %s"
        await harness.connection.database.fetch(statement, (sys.argv[1],))

asyncio.run(main())
"""


def test_one_whose_schema_is_newer_stops_no_runs(
    run: Run, environment: Path, project: Path, env: dict[str, str]
) -> None:
    def set_revision(revision: str) -> None:
        subprocess.run(
            [environment / "python", "-c", SET_REVISION, revision], cwd=project, env=env, check=True
        )

    run("up", "--detach")
    run("notes")
    set_revision("9999")
    try:
        with running_worker(environment, project, env, "assistant.py:agent"):
            run("run", "What is 2 + 2?", "--agent", "assistant.py:agent")
            error = json.loads(run("notes", "--json", code=2).stdout)["error"]
            assert error["code"] == "config.broken_capability"
            assert "notes (harness_notes 0.1.0)" in error["message"] and "9999" in error["message"]
            checks = map(json.loads, run("doctor", "--json", code=1).stdout.splitlines())
            (broken,) = [each for each in checks if each["name"] == "capability notes"]
            assert not broken["ok"] and "harness_notes 0.1.0 knows up to 0001" in broken["detail"]
    finally:
        set_revision("0001")


def test_a_disabled_one_is_gone_and_its_settings_do_no_harm(run: Run) -> None:
    run("capabilities", "disable", "notes")
    try:
        assert "Save a note." not in run("--help").stdout
        refused = run("note", "milk", code=2)
        assert "Not loaded: broken" in refused.stderr
        assert "Disabled: notes; to enable: harness capabilities enable" in refused.stderr
        assert listed(run)["notes"]["state"] == "disabled"
        refused = run("config", "show", code=2)
        assert "parrot" in refused.stderr
    finally:
        run("capabilities", "enable", "notes")
    assert "Save a note." in run("--help").stdout


def test_what_others_need_cannot_be_disabled(run: Run) -> None:
    assert "cannot be disabled" in run("capabilities", "disable", "runs", code=2).stderr
    assert "no capability" in run("capabilities", "show", "nothing", code=2).stderr


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
