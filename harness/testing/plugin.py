"""The pytest plug-in. pytest loads it in every project that has harness installed, so it imports
nothing before a test asks for a fixture."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.testing.runner import AgentRunner, TestStack


@pytest.fixture(scope="session")
def harness_settings() -> Mapping[str, Any]:
    """The settings of the test session, as in harness.toml. Override this in conftest.py."""
    return {}


@pytest.fixture(scope="session")
def _harness_stack(harness_settings: Mapping[str, Any]) -> Generator[TestStack]:
    from harness.contracts.errors import StackError
    from harness.testing.runner import open_test_stack

    with ExitStack() as stack:
        try:
            opened = stack.enter_context(open_test_stack(harness_settings))
        except StackError as error:
            pytest.fail(f"{error.message} {error.fix}", pytrace=False)
        yield opened


@pytest.fixture
def run_agent(_harness_stack: TestStack, tmp_path: Path) -> AgentRunner:
    """Run an agent on a real Temporal and Postgres; the first test of the session starts them:

    async def test_clerk(run_agent):
        result = await run_agent(clerk, "Book it", model=ScriptedModel("Booked."))

    File tools work in the test's `tmp_path`.
    """
    from harness.testing.runner import AgentRunner

    return AgentRunner(_harness_stack, tmp_path)
