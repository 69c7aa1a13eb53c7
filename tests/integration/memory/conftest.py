"""Memories of an owner of their own, in a real Postgres."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.config.settings import settings_model
from harness.contracts.memory import Lane, Trust
from harness.memory.client import Memories
from harness.memory.rows import Origin
from harness.memory.writing import Fact
from tests.fakes.servers import Engine
from tests.integration.api.conftest import api as api


def fact(text: str, *, lane: Lane = "owner", trust: Trust = "said", **origin: Any) -> Fact:
    replaces = origin.pop("replaces", None)
    made = Origin(source="person", trust=trust, made=origin.pop("made", time.time()), **origin)
    return Fact(text=text, lane=lane, origin=made, replaces=replaces)


@pytest.fixture
def owner() -> str:
    return f"owner-{uuid.uuid4().hex[:10]}"


@pytest.fixture
async def memories(
    options: dict[str, Any], tmp_path: Path, engine: Engine, owner: str
) -> AsyncIterator[Memories]:
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as opened:
        yield Memories(opened.connection, owner)
