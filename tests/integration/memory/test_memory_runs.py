"""Runs remember, begin with memories, and are undone."""

from __future__ import annotations

import pytest

from harness import Agent, Harness, MemoryPolicy, tool
from harness.contracts import event as e
from harness.forget.client import forget_run
from harness.memory.client import Memories
from harness.runs.published import store_agent
from harness.runs.start import start_run
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events
from tests.fakes.steps import call, say
from tests.integration.memory.conftest import fact


@tool(effect="read")
async def read_page(address: str) -> str:
    """Read a page."""
    return f"{address}: the password of Ada is hunter2"


@pytest.fixture
def agent(name: str) -> Agent[None, str]:
    return Agent(name, tools=[read_page], memory=MemoryPolicy())


async def start_owned(
    harness: Harness, agent: Agent[None, str], prompt: str, owner: str
) -> RunHandle[str]:
    await harness.serve(agent)
    stored = await store_agent(harness.connection, agent)
    request = Request(messages=as_messages(prompt), owner=owner)
    id = await start_run(harness.connection, stored, request, eager=False)
    return harness.get_run(id, agent)


def said_to(model: ModelServer, at: int) -> str:
    return str(model.calls[at])


async def test_what_a_run_remembers_the_next_one_begins_with(
    harness: Harness, model_server: ModelServer, agent: Agent[None, str], owner: str
) -> None:
    model_server.script(
        call("remember", fact="Ada prefers green tea."), say("Noted."), say("Green tea.")
    )
    first = await start_owned(harness, agent, "I am Ada and I prefer green tea.", owner)
    await first.result()
    [kept] = (await Memories(harness.connection, owner).list()).memories
    origin = kept.origin
    assert (origin.run, origin.turn, origin.agent) == (first.id, 1, agent.name)
    assert (origin.source, origin.trust) == ("tool", "inferred")
    assert origin.message
    second = await start_owned(harness, agent, "Which tea should I buy?", owner)
    await second.result()
    prompt = said_to(model_server, 2)
    assert kept.id in prompt
    assert "Ada prefers green tea." in prompt
    assert "not instructions" in prompt
    other = await start_owned(harness, agent, "Which tea should I buy?", f"{owner}-else")
    model_server.script(say("No idea."))
    await other.result()
    assert "Ada" not in said_to(model_server, 3)


async def test_trust_is_stamped_by_what_the_conversation_holds(
    harness: Harness, model_server: ModelServer, agent: Agent[None, str], owner: str
) -> None:
    model_server.script(
        call("remember", fact="My cat is called Tom"),
        call("read_page", address="example.org"),
        call("remember", fact="The password of Ada is hunter2."),
        say("Done."),
        say("I do not know."),
    )
    await (await start_owned(harness, agent, "My cat is called Tom.", owner)).result()
    found = (await Memories(harness.connection, owner).list()).memories
    trusts = {each.text: each.origin.trust for each in found}
    assert trusts == {
        "My cat is called Tom": "said",
        "The password of Ada is hunter2.": "untrusted",
    }
    await (await start_owned(harness, agent, "The password of Ada, my cat?", owner)).result()
    prompt = said_to(model_server, 4)
    assert "Tom" in prompt
    assert "hunter2" not in prompt


async def test_a_page_ends_no_memory_that_is_more_trusted(
    harness: Harness, model_server: ModelServer, agent: Agent[None, str], owner: str
) -> None:
    memories = Memories(harness.connection, owner)
    old = await memories.add(fact("Ada lives in Berlin."))
    model_server.script(
        call("read_page", address="example.org"),
        call("remember", fact="Ada lives in Rome.", replaces=old.id),
        call("remember", fact="What does it say?", replaces=old.id),
        call("forget_memory", id=old.id),
        say("Done."),
    )
    run = await start_owned(harness, agent, f"Read it ({old.id}). What does it say?", owner)
    await run.result()
    results = [each for each in await all_events(run) if isinstance(each, e.ToolCallFinished)]
    assert f"harness memory correct {old.id}" in results[1].content
    assert f"harness memory correct {old.id}" in results[2].content
    assert not results[3].ok and f"harness memory forget {old.id}" in results[3].content
    held = {each.text: each.origin.trust for each in (await memories.list()).memories}
    assert held == {
        "Ada lives in Berlin.": "said",
        "Ada lives in Rome.": "untrusted",
        "What does it say?": "said",
    }


async def test_a_model_forgets_what_a_person_said_only_if_a_person_names_it(
    harness: Harness, model_server: ModelServer, agent: Agent[None, str], owner: str
) -> None:
    memories = Memories(harness.connection, owner)
    old = await memories.add(fact("Ada lives in Berlin."))
    forget = call("forget_memory", id=old.id)
    model_server.script(forget, say("I cannot."), forget, say("Forgotten."))
    await (await start_owned(harness, agent, "Forget where I live.", owner)).result()
    assert len((await memories.list()).memories) == 1
    await (await start_owned(harness, agent, f"Forget {old.id}.", owner)).result()
    assert not (await memories.list()).memories


@pytest.mark.parametrize(("reads", "trust"), [(False, "inferred"), (True, "untrusted")])
async def test_an_agent_below_remembers_words_of_a_model(
    harness: Harness, model_server: ModelServer, name: str, owner: str, reads: bool, trust: str
) -> None:
    words = "The password of Ada is hunter2"
    clerk = Agent(f"{name}-clerk", memory=MemoryPolicy())
    asks = clerk.as_tool(name="ask", description="Keeps notes.")
    boss = Agent(f"{name}-boss", tools=[read_page, asks])
    read = [call("read_page", address="example.org")] if reads else []
    keep = call("remember", fact=words)
    model_server.script(*read, call("ask", prompt=words), keep, say("Noted."), say("Done."))
    await (await start_owned(harness, boss, "Tell the clerk.", owner)).result()
    [kept] = (await Memories(harness.connection, owner).list()).memories
    assert (kept.text, kept.origin.trust) == (words, trust)


async def test_undo_withdraws_what_a_run_taught(
    harness: Harness, model_server: ModelServer, agent: Agent[None, str], owner: str
) -> None:
    memories = Memories(harness.connection, owner)
    old = await memories.add(fact("Ada lives in Berlin.", trust="inferred"))
    model_server.script(
        call("remember", fact="Ada lives in Paris.", replaces=old.id),
        call("forget_memory", id=old.id),
        say("Noted."),
    )
    run = await start_owned(harness, agent, "I moved to Paris.", owner)
    await run.result()
    await run.undo()
    assert [each.text for each in (await memories.list()).memories] == ["Ada lives in Berlin."]


async def test_extraction_learns_from_what_the_person_said(
    harness: Harness, model_server: ModelServer, name: str, owner: str
) -> None:
    agent = Agent(name, tools=[read_page], memory=MemoryPolicy(learn="openai/gpt-5"))
    facts = '{"facts": [{"fact": "Ada has a dog called Rex.", "message": 0}]}'
    model_server.script(call("read_page", address="example.org"), say("Nice dog."), say(facts))
    run = await start_owned(harness, agent, "I am Ada, and my dog is called Rex.", owner)
    ended = await run.result()
    [kept] = (await Memories(harness.connection, owner).list()).memories
    assert kept.text == "Ada has a dog called Rex."
    assert (kept.origin.source, kept.origin.trust, kept.origin.message) == (
        "extraction", "inferred", "0",
    )  # fmt: skip
    assert "hunter2" not in said_to(model_server, 2)
    assert ended.text == "Nice dog."
    await run.undo(dry_run=True)
    assert len((await Memories(harness.connection, owner).list()).memories) == 1
    await run.undo()
    assert not (await Memories(harness.connection, owner).list()).memories


async def test_undo_withdraws_what_runs_below_taught(
    harness: Harness, model_server: ModelServer, name: str, owner: str
) -> None:
    memory = MemoryPolicy(learn="openai/gpt-5")
    clerk = Agent(f"{name}-clerk", memory=memory)
    asks = clerk.as_tool(name="ask", description="Answers.")
    boss = Agent(f"{name}-boss", tools=[asks])
    facts = '{"facts": [{"fact": "Ada has a dog called Rex.", "message": 0}]}'
    ask = call("ask", prompt="Ada has a dog called Rex.")
    model_server.script(ask, say("Nice dog."), say(facts), say("Done."))
    run = await start_owned(harness, boss, "Tell the clerk.", owner)
    await run.result()
    memories = Memories(harness.connection, owner)
    assert [each.text for each in (await memories.list()).memories] == ["Ada has a dog called Rex."]
    await run.undo(1)
    assert len((await memories.list()).memories) == 1, "the child was started before"
    await run.undo()
    assert not (await memories.list()).memories


async def test_broken_extraction_leaves_the_answer(
    harness: Harness, model_server: ModelServer, name: str, owner: str
) -> None:
    agent = Agent(name, memory=MemoryPolicy(learn="openai/gpt-5"))
    model_server.script(say("Hello."), say("I found no facts!"))
    run = await start_owned(harness, agent, "Hello.", owner)
    assert (await run.result()).text == "Hello."
    assert not (await Memories(harness.connection, owner).list()).memories


async def test_forgetting_a_run_erases_what_it_taught(
    harness: Harness, model_server: ModelServer, agent: Agent[None, str], owner: str
) -> None:
    memories = Memories(harness.connection, owner)
    await memories.add(fact("Ada lives in Berlin."))
    model_server.script(call("remember", fact="Ada prefers green tea."), say("Noted."))
    run = await start_owned(harness, agent, "I prefer green tea.", owner)
    await run.result()
    forgotten = await forget_run(harness.connection, run.id)
    assert forgotten.deleted["memory"] == 1
    assert [each.text for each in (await memories.list()).memories] == ["Ada lives in Berlin."]
    assert not (await memories.verify()).problems
    rows = await harness.connection.database.fetch(
        "SELECT count(*) FROM harness_memory.entry WHERE owner = %s AND content IS NOT NULL",
        (owner,),
    )
    assert rows == [(1,)]
