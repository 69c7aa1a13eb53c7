"""The versions of a template: in order, unchanged, genuine, whoever saves at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest

from harness import Prompt
from harness.contracts.errors import (
    ContentUnsigned,
    InvalidVariable,
    PromptArchived,
    PromptNotFound,
    TooManyPrompts,
)
from harness.engine.connection import Connection
from harness.prompts import client
from harness.prompts.client import Prompts
from harness.store.migrate import open_database
from tests.fakes.access import bare_connection


@pytest.fixture
async def prompts(database_url: str) -> AsyncIterator[Prompts]:
    database = await open_database(database_url, pool_size=4)
    bare = bare_connection(database)
    yield Prompts(in_namespace(bare, "default"), by="ada")
    await database.close()


def in_namespace(connection: Connection, namespace: str) -> Connection:
    made = SimpleNamespace(
        database=connection.database,
        vault=connection.vault,
        endpoints=SimpleNamespace(namespace=namespace),
    )
    return cast("Connection", made)


async def test_a_version_for_each_change(prompts: Prompts) -> None:
    first = await prompts.save("a", "one {{ x }}")
    assert (first.added, first.version.ref, first.version.by) == (True, "a@1", "ada")
    assert await prompts.save("a", "one {{ x }}\r\n") != first
    again = await prompts.save("a", "one {{ x }}\n")
    assert (again.added, again.version.ref) == (False, "a@2")
    back = await prompts.save("a", "one {{ x }}")
    assert (back.version.ref, back.version.digest) == ("a@3", first.version.digest)
    assert await prompts.find("a@1") == first.version
    assert (await prompts.find("a")).ref == "a@3"
    with pytest.raises(PromptNotFound, match=r"no version 4; the newest is 3"):
        await prompts.find("a@4")
    with pytest.raises(PromptNotFound, match="'b'"):
        await prompts.find("b")
    with pytest.raises(PromptNotFound, match="versions do not change"):
        await prompts.save("a@1", "two")
    other = Prompts(in_namespace(prompts.connection, "other"))
    with pytest.raises(PromptNotFound):
        await other.find("a@1")


async def test_those_who_save_at_once_lose_nothing(prompts: Prompts) -> None:
    texts = [f"text {number}" for number in range(12)]
    saved = await asyncio.gather(*(prompts.save("a", text) for text in texts))
    assert sorted(each.version.version for each in saved) == list(range(1, 13))
    for each in saved:
        assert (await prompts.find(each.version.ref)).text == each.version.text
    same = await asyncio.gather(*(prompts.save("b", "the same") for _ in range(6)))
    assert [each.version.ref for each in same] == ["b@1"] * 6
    assert sum(each.added for each in same) == 1


async def test_pages(prompts: Prompts) -> None:
    names = ["B", "a", "a-b", "a.b", "a_b", "b"]
    for name in names:
        await prompts.save(name, "+++\ndescription = 'What for.'\n+++\ntext")
    for number in range(4):
        await prompts.save("a", f"text {number}")
    found: list[str] = []
    after = None
    while True:
        page = await prompts.list(limit=4, after=after)
        found += [each.name for each in page.prompts]
        if (after := page.next) is None:
            break
    assert found == sorted(names)
    assert (await prompts.list(limit=1)).prompts[0].description == "What for."
    newest = await prompts.list_versions("a", limit=3)
    assert [each.version for each in newest.versions] == [5, 4, 3]
    rest = await prompts.list_versions("a", limit=3, before=newest.next)
    assert ([each.version for each in rest.versions], rest.next) == ([2, 1], None)


async def test_an_archived_template(prompts: Prompts) -> None:
    await prompts.save("a", "one")
    assert (await prompts.set_archived("a", True)).archived
    assert (await prompts.list()).prompts == ()
    assert [each.archived for each in (await prompts.list(archived=True)).prompts] == [True]
    for use in (prompts.fill(Prompt("a")), prompts.save("a", "two"), prompts.save("a", "one")):
        with pytest.raises(PromptArchived):
            await use
    assert (await prompts.fill(Prompt("a@1"))).text == "one"
    await prompts.set_archived("a", False)
    assert (await prompts.save("a", "two")).version.ref == "a@2"


async def test_planted_rows_are_refused(prompts: Prompts) -> None:
    for name in ("a", "b"):
        await prompts.save(name, f"{name} one")
        await prompts.save(name, f"{name} two")
    database = prompts.connection.database
    set_text = "UPDATE harness_prompts.version SET content = "
    in_place = " WHERE name = 'a' AND number = 2"
    for plant in (
        set_text + "'Obey me.'" + in_place,
        set_text + "(SELECT content FROM harness_prompts.version "
        "WHERE name = 'a' AND number = 1)" + in_place,
        set_text + "(SELECT content FROM harness_prompts.version "
        "WHERE name = 'b' AND number = 2)" + in_place,
        set_text + "about" + in_place,
    ):
        await database.fetch(plant)
        for use in (prompts.fill(Prompt("a")), prompts.find("a@2"), prompts.save("a", "three")):
            with pytest.raises(ContentUnsigned):
                await use
    await database.fetch("UPDATE harness_prompts.version SET about = '{}'" + in_place)
    listed = {each.name: each.problem for each in (await prompts.list()).prompts}
    assert listed["a"] is not None and listed["b"] is None


async def test_words_of_a_command_line(prompts: Prompts) -> None:
    head = "+++\n[variables.n]\ntype='integer'\n[variables.l]\ntype='strings'\n+++\n"
    await prompts.save("a", head + "{{ n }} {{ l }}")
    prompt = await prompts.read_words("a", ["n=3", "l=x=y", "l="])
    assert (prompt.template, dict(prompt.variables)) == ("a@1", {"n": 3, "l": ("x=y", "")})
    assert (await prompts.fill(prompt)).text == '3 ["x=y", ""]'
    for words, said in ((["n"], "NAME=VALUE"), (["n=1", "n=2"], "'n'.*2 times"), (["m=1"], "'m'")):
        with pytest.raises(InvalidVariable, match=said):
            await prompts.fill(await prompts.read_words("a", [*words, "l=x"]))


async def test_room(prompts: Prompts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_PROMPTS", 1)
    monkeypatch.setattr(client, "MAX_VERSIONS", 2)
    await prompts.save("a", "one")
    await prompts.save("a", "two")
    for name in ("a", "b"):
        with pytest.raises(TooManyPrompts):
            await prompts.save(name, "three")
    assert (await prompts.save("a", "two")).version.ref == "a@2"


def test_a_diff_names_the_versions() -> None:
    # A file without a newline at its end must not join two lines.
    assert client.diff_texts("a@1", "x\ny", "a@2", "x\nz").splitlines() == [
        "--- a@1", "+++ a@2", "@@ -1,2 +1,2 @@", " x", "-y", "+z",
    ]  # fmt: skip
