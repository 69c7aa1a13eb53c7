"""Whatever owners do, nobody meets a memory of another one."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.contracts.errors import MemoryNotFound, MemoryRefused
from harness.memory.client import Memories
from harness.memory.rows import scopes_of
from tests.integration.memory.conftest import fact

OWNERS = ("ann", "bob", "carl")
WORDS = st.sampled_from(["tea", "dog", "Berlin", "chess", "violin"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "search", "correct", "forget", "steal"]),
        st.sampled_from(OWNERS),
        WORDS,
        st.integers(0, 20),
    ),
    max_size=12,
)


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "memory": {"embedder": ""}}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_owners_never_see_each_others_memories(
    memories: Memories, steps: list[tuple[str, str, str, int]]
) -> None:
    mark = uuid.uuid4().hex[:8]
    own = {name: Memories(memories.connection, f"{name}-{mark}") for name in OWNERS}
    ids: dict[str, list[str]] = {name: [] for name in OWNERS}
    for place, (step, name, word, number) in enumerate(steps):
        mine = ids[name]
        others = [id for other in OWNERS if other != name for id in ids[other]]
        if step == "add":
            written = await own[name].add(fact(f"{name} has {word} {place}."))
            mine.append(written.id)
        elif step == "correct" and mine:
            try:
                made = await own[name].correct(mine[number % len(mine)], f"{name} {word}", by=name)
                mine.append(made.id)
            except (MemoryRefused, MemoryNotFound):
                pass
        elif step == "forget" and mine:
            await own[name].forget(mine.pop(number % len(mine)), by=name)
        elif step == "steal" and others:
            id = others[number % len(others)]
            for act in (own[name].find(id), own[name].forget(id, by=name)):
                with pytest.raises(MemoryNotFound):
                    await act
            with pytest.raises(MemoryRefused):
                await own[name].add(fact(f"{name} knows.", replaces=id))
        scopes = [*scopes_of("run-1", "session-1")]
        found = [*await own[name].search(word, limit=50, scopes=scopes),
                 *(await own[name].list()).memories]  # fmt: skip
        assert all(each.text.startswith(name) for each in found)
        assert {each.id for each in found} <= set(mine)
