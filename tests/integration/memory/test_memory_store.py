"""Facts are added, found, replaced, withdrawn and forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.config.settings import settings_model
from harness.contracts.errors import MemoryNotFound, MemoryRefused
from harness.contracts.memory import Trust
from harness.memory.client import Memories
from harness.memory.rows import scopes_of
from tests.integration.memory.conftest import fact


async def test_found_by_words_and_by_meaning(memories: Memories) -> None:
    await memories.add_all(
        [
            fact("Ada's dog is called Rex."),
            fact("The office in Berlin closes at 18:00."),
            fact("Ada prefers tea to coffee."),
        ]
    )
    [by_word] = await memories.search("Which pets? Rex?", limit=1)
    [by_meaning] = await memories.search("a hot drink that she likes", limit=1)
    assert by_word.text == "Ada's dog is called Rex."
    assert by_meaning.text == "Ada prefers tea to coffee."


async def test_known_fact_is_not_added_again(memories: Memories) -> None:
    first = await memories.add(fact("Ada prefers tea.", trust="inferred"))
    again = await memories.add(fact("Ada  prefers\ntea.", trust="untrusted"))
    better = await memories.add(fact("Ada prefers tea.", trust="said"))
    assert (again.id, again.added) == (first.id, False)
    assert better.added and better.id != first.id
    [only] = (await memories.list()).memories
    assert (only.id, only.origin.trust) == (better.id, "said")


async def test_replaced_fact_no_longer_holds(memories: Memories) -> None:
    old = await memories.add(fact("Ada lives in Berlin."))
    new = await memories.correct(old.id, "Ada lives in Paris.", by="ada")
    assert [each.id for each in (await memories.list()).memories] == [new.id]
    assert [each.id for each in await memories.search("Where does Ada live? Berlin?")] == [new.id]
    assert (await memories.find(old.id)).replaced_by == new.id
    with pytest.raises(MemoryRefused, match="not a memory that holds now"):
        await memories.add(fact("Ada lives in Rome.", replaces=old.id))


@pytest.mark.parametrize(
    ("before", "after"), [("said", "inferred"), ("said", "untrusted"), ("inferred", "untrusted")]
)
async def test_nothing_replaces_what_is_more_trusted(
    memories: Memories, before: Trust, after: Trust
) -> None:
    old = await memories.add(fact("Ada lives in Berlin.", trust=before))
    new = await memories.add(fact("Ada lives in Rome.", trust=after, replaces=old.id))
    assert (new.added, new.beside) == (True, old.id)
    again = await memories.add(fact("Ada lives in Rome.", trust=after, replaces=old.id))
    assert (again.id, again.added, again.beside) == (new.id, False, old.id)
    assert {each.id for each in (await memories.list()).memories} == {old.id, new.id}
    assert old.id in [each.id for each in await memories.search("Berlin")]
    better = await memories.add(fact("Ada lives in Paris.", trust=before, replaces=new.id))
    assert (better.beside, (await memories.find(new.id)).replaced_by) == (None, better.id)


async def test_withdrawal_restores_what_was_replaced(memories: Memories) -> None:
    old = await memories.add(fact("Ada lives in Berlin."))
    await memories.add(fact("Ada lives in Paris.", replaces=old.id, run="run-1"))
    assert await memories.withdraw_run("run-1", by="ada") == 1
    assert await memories.withdraw_run("run-1", by="ada") == 0
    assert [each.id for each in (await memories.list()).memories] == [old.id]
    assert [each.id for each in await memories.search("Berlin")] == [old.id]


async def test_forgotten_text_is_erased(memories: Memories) -> None:
    kept = await memories.add(fact("Ada likes chess."))
    gone = await memories.add(fact("Ada's card number is 4111."))
    await memories.forget(gone.id, by="ada")
    assert [each.id for each in await memories.search("Ada card number")] == [kept.id]
    with pytest.raises(MemoryNotFound):
        await memories.find(gone.id)
    rows = await memories.connection.database.fetch(
        "SELECT content, words FROM harness_memory.entry WHERE id = %s", (gone.id,)
    )
    assert rows == [(None, None)]


async def test_forgetting_a_correction_leaves_neither(
    memories: Memories, options: dict[str, Any], tmp_path: Path
) -> None:
    old = await memories.add(fact("Ada lives in Berlin."))
    new = await memories.correct(old.id, "Ada lives in Paris.", by="ada")
    # Another process, which has not embedded anything yet.
    settings = settings_model().model_validate(options)
    async with Harness.connect(project=tmp_path, settings=settings) as other:
        await Memories(other.connection, memories.owner).forget(new.id, by="ada")
    assert not (await memories.list()).memories
    assert (await memories.count()).embedded == 0


async def test_lanes_reach_their_run_and_session(memories: Memories) -> None:
    await memories.add_all(
        [
            fact("The plan has three steps.", lane="run", run="run-1"),
            fact("The plan is for Ada.", lane="session", run="run-1", session="s-1"),
            fact("The plan is secret.", lane="owner"),
        ]
    )

    async def found(run: str, session: str | None) -> set[str]:
        return {each.lane for each in await memories.search("plan", scopes=scopes_of(run, session))}

    assert await found("run-1", "s-1") == {"run", "session", "owner"}
    assert await found("run-2", "s-1") == {"session", "owner"}
    assert await found("run-2", None) == {"owner"}


async def test_limits(memories: Memories) -> None:
    for text in ("", " \n ", "x" * 2_001, "y" * 100_000):
        with pytest.raises(MemoryRefused, match="1 to 2,000 characters"):
            await memories.add(fact(text))
    hostile = await memories.add(fact("NUL \0 and \u202e bidi"))
    assert (await memories.find(hostile.id)).text == "NUL <U+0000> and <U+202E> bidi"
