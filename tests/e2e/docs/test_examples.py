"""Every example runs, and does what it says."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.command import harness_command
from tests.fakes.sandboxes import needs_sandbox
from tests.fakes.warm_python import warm_python

EXAMPLES = Path(__file__).parents[3] / "examples"
EXPECTED: dict[str, tuple[str, ...]] = {
    "agent_functions": (
        "-- Oslo Books",
        "instructions: You answer letters to Oslo Books. Be brief.",
    ),
    "approval": ("asked: over 100", "decided: edit by", "pay says: paid 25 to Ada"),
    "ask_human": ("question: which colour", "green"),
    "budget": ("The budget of 2 turns is used up", "6*7 = 42", "4 turns"),
    "calculator": ("2+2 = 4", "completed"),
    "code_fixer": (
        "asked: edit_file runs only with approval.",
        "run_shell: ['', 'OK']",
        'repaired: return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")',
        "undone: 5 effects",
        "as before: True",
    ),
    "fallback": ("fell back from nowhere/some-model: provider.network", "offline/demo answered"),
    "files": ("read_file: ok", "write_file: ok", "read_file: refused"),
    "fork": ("original: forecast says: rain", "fork: forecast says: sun", "both replayed"),
    "long_session": ("messages summarized before",),
    "memory": (
        "] (said, ",
        "Ada drinks green tea in the morning.",
        "begins with: nothing",
    ),
    "orders": (
        "tea: worker killed before booking",
        "coffee: worker killed after booking",
        "cake: worker killed after answer",
        "tea: ordered 1 time,",
        "coffee: ordered 1 time,",
        "cake: ordered 1 time,",
        "ledger: cake is done",
    ),
    "parallel": ("sunny in Oslo", "sunny in Rome", "sunny in Lima"),
    "shared_budget": ("The budget session:sums does not allow another model call", "ended early"),
    "policies": (
        "paid 25 to Ada",
        "rule blocked denies this call: Mallory is not paid.",
        "asked: Rule large asks whoever may steer the run.",
        "paid 250 to Ada",
    ),
    "pools": ("stone weighed alone", "feather weighed alone", "apple weighed alone"),
    "safety": ("Gate write_to_colleagues: mail goes to colleagues only",),
    "session": (".1: 3*7 = 21", ".2: 21+21 = 42", "True"),
    "steering": ("site 1 is dry", "now paused", "now running", "aborted: it rains"),
    "handover": ("of clerk takes over", "completed", "clerk continues the conversation"),
    "subagents": ("of scout: How is the weather in Oslo?", "completed", "tool_calls=1"),
    "tool_context": ("ordered tea, 1 order in total",),
    "undo": ("turn 3: put_on_shelf is done", "took a vase off the shelf", "again: ()"),
    "typed_result": ("urgent=True tags=[]",),
    "whatif": (
        "10 runs, 10 orders",
        "40 forks: 20 same, 12 different, 8 failed; still 10 orders",
        "{'euros': 15} -> {'euros': 15}: price played, order played, rebate refused",
        "page: whatif.html",
    ),
}

NEEDS_SANDBOX = {"code_fixer"}
OFTEN = {"approval", "calculator", "fork", "session", "undo"}
"""The others are run by `make test-all`."""


def test_every_example_is_expected_here() -> None:
    # tests of evals, tests/e2e/api, what code_fixer imports, and test_researcher.py
    elsewhere = {"evaluate", "http_client", "recorded_model", "researcher"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(EXPECTED) | elsewhere


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose stack stays up: each example would start one otherwise."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run(harness_command("up", "--detach"), cwd=folder, check=True, capture_output=True)
    yield folder
    subprocess.run(harness_command("down"), cwd=folder, check=True, capture_output=True)


def _marks_of(name: str) -> list[pytest.MarkDecorator]:
    slow = [] if name in OFTEN else [pytest.mark.slow]
    return [*slow, needs_sandbox] if name in NEEDS_SANDBOX else slow


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=_marks_of(name)) for name in sorted(EXPECTED)],
)
def test_the_example_runs(name: str, project: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    done = subprocess.run(
        warm_python(str(EXAMPLES / f"{name}.py")),
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, -6, -11), done.stderr  # see docs/explanation/decisions.md: exit
    missing = [line for line in EXPECTED[name] if line not in done.stdout]
    assert not missing, f"{missing} not in:\n{done.stdout}\n{done.stderr}"


def test_the_script_of_the_readme_runs_when_saved(project: Path) -> None:
    text = (EXAMPLES.parent / "README.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found
    (project / "agent.py").write_text(found[1])
    done = subprocess.run(
        warm_python("agent.py"), cwd=project, capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (0, -6, -11), done.stderr  # see docs/explanation/decisions.md: exit
    assert "2+2 = 4" in done.stdout
