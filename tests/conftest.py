"""Each layer's budget of CPU time, enforced for every test in its folder.

CPU time and not elapsed time: it does not grow when the machine is busy with something else.
Loading a module the first time is not the test's doing and is not counted.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# The same examples each time, so that whether a commit passes is no matter of luck. To look for new
# ones: pytest --hypothesis-profile=explore
# No time counts: on a busy machine a slow draw proves nothing. Budgets are in CPU time.
BUSY: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, **BUSY)
settings.register_profile("explore", max_examples=1000, **BUSY)
settings.load_profile("steady")

# One Temporal, one Postgres and one project a test process, whichever layers it runs. A fixture
# that modules import is made, and kept, once for each of them: so these are plug-ins.
pytest_plugins = (
    "tests.fakes.postgres", "tests.fakes.servers", "tests.fakes.command", "tests.fakes.prometheus",
    "tests.fakes.loki",
)  # fmt: skip

HERE = Path(__file__).parent
BUDGETS = {
    "prevalidation": 0.001,
    "unit": 0.1,
    "replay": 0.1,
    "integration": 5.0,
    "browser": 5.0,  # the browser's own processes are not counted
}
LONG_HISTORY = 5.0
REPEATS = 20
EXAMPLES = 10
"""A property test runs a hundred examples: it may cost as much as ten plain tests."""
TRACED = 4
"""Coverage slows the interpreter by up to this factor."""


SLACK = 2.0
"""Other load on the same processor can double the CPU time of a test, which is not its fault."""
REFERENCE_S = 0.006
"""CPU time of `_loop` on a fast desktop machine, which the budgets are for."""


def _loop() -> float:
    start = time.process_time()
    sum(number * number % 7 for number in range(200_000))
    return time.process_time() - start


SLOWER = max(1.0, min(_loop() for _ in range(5)) / REFERENCE_S)
"""How much more CPU time the same work takes here: a budget means the same on every machine."""


class ImportClock:
    """CPU time that went into loading modules, each counted once with all it loads."""

    def __init__(self) -> None:
        self.total = 0.0
        self._depth = 0
        # Every import that is not yet in sys.modules passes here, whichever way it is written.
        self._load = importlib._bootstrap._find_and_load  # type: ignore[attr-defined]
        importlib._bootstrap._find_and_load = self._timed  # type: ignore[attr-defined]

    def _timed(self, name: str, import_: Any) -> ModuleType:
        start = time.process_time()
        self._depth += 1
        try:
            return self._load(name, import_)
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.total += time.process_time() - start


imports = ImportClock()


# What tests serve is not remembered on this machine beyond them.
STATE_HOME = tempfile.TemporaryDirectory(prefix="harness-state-")
os.environ["XDG_STATE_HOME"] = STATE_HOME.name


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; only `make test-all` runs it")
    config.addinivalue_line("markers", "campaign: takes minutes; only `make test-all` runs it")
    config.addinivalue_line("markers", "long_history: replays a history of thousands of events")
    # What tests trust is not recorded among what the person who runs them has trusted.
    home = tempfile.mkdtemp(prefix="harness-config-")
    os.environ["XDG_CONFIG_HOME"] = home
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


def pytest_collection_finish(session: pytest.Session) -> None:
    if any(_is_property(item) for item in session.items):
        _draw_first()
    # What is loaded by now stays: a full collection in the middle of a test would be billed to it.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    budget = _budget(item)
    start, loading = time.process_time(), imports.total
    result = yield
    used = (time.process_time() - start - (imports.total - loading)) / SLOWER
    if budget is None or used <= budget:
        return result
    if _layer(item) == "prevalidation":
        used = min(used, *(_again(item) for _ in range(REPEATS)))
    if used > budget:
        pytest.fail(
            f"{used * 1000:.1f} ms of CPU; the most in this layer is {budget * 1000:g} ms",
            pytrace=False,
        )
    return result


def _is_property(item: pytest.Item) -> bool:
    return getattr(getattr(item, "obj", None), "is_hypothesis_test", False)


@settings(
    max_examples=5,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.text(), st.integers())
def _draw_first(text: str, number: int) -> None:
    """In a fresh checkout the first text and number that are drawn in a process take seconds: they
    tabulate Unicode, and read all modules for constants. Not the first test's doing."""


def _layer(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""


def _budget(item: pytest.Item) -> float | None:
    budget = BUDGETS.get(_layer(item))
    if budget is None or item.get_closest_marker("campaign"):
        return None
    if item.get_closest_marker("long_history"):
        budget = LONG_HISTORY
    if _is_property(item):
        budget *= EXAMPLES
    if sys.gettrace() is not None:
        budget *= TRACED
    return budget * SLACK


def _again(item: pytest.Item) -> float:
    start = time.process_time()
    item.runtest()
    return (time.process_time() - start) / SLOWER
