"""A command says the same through a daemon as on the stack."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from harness import Agent, Harness
from harness.archive import sweep
from harness.cli.parser import UsageError
from harness.contracts.run import RunState
from harness.conversations.client import Conversations
from tests.fakes.conversations import answered
from tests.fakes.inline_command import Inline
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.remote.conftest import Places

Place = Callable[..., Awaitable[Inline]]
LETTER = {"to": "ann", "text": "hi"}


async def waiting_run(harness: Harness, model_server: ModelServer, name: str) -> str:
    """A run that waits for a decision, then answers."""
    agent = Agent(name, tools=[send])
    await harness.serve(agent)
    model_server.script(call("send", **LETTER), say("Sent."))
    handle = await harness.start(agent, "Write to ann.")
    status = await eventually(handle.status, lambda seen: seen.state is RunState.WAITING)
    assert status.pending
    return handle.id


async def test_a_run_is_read_and_decided(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await waiting_run(harness, model_server, name)
    left = await places.daemon("watch", run, "--json")
    assert (left.code, left.last["state"]) == (4, "waiting")
    watched = (await places.stack("watch", run, "--json")).lines
    assert left.lines == [*watched[:-1], {**watched[-1], "url": None}]
    digest = left.last["pending"][0]["digest"]
    stale = await places.daemon("approve", run, "--digest", "0123456789abcdef", "--json")
    assert stale.last["error"]["code"] == "steering.changed"
    edit = json.dumps({"text": "hello"})
    made = await places.daemon("approve", run, "--edit", edit, "--digest", digest, "--json")
    assert (made.code, made.last["arguments"]) == (0, {"to": "ann", "text": "hello"})
    assert (await places.daemon("watch", run, "--json")).last["state"] == "completed"
    late = await places.daemon("approve", run, "--json")
    assert late.last == (await places.stack("approve", run, "--json")).last
    await sweep.seal_run(harness.connection, run)
    reads = [
        ("list", "--agent", name), ("list", "--agent", "nobody"), ("trace", run),
        ("trace", run, "--kind", "tool_call_finished"), ("trace", run, "--follow"),
        ("trace", run, "--from", "3"), ("effects", run), ("diff", run, run), ("verify", run),
        ("undo", run, "--dry-run"), ("show", "no-such-run"), ("trace", "x/../y"),
        ("list", "--query", f"HarnessAgent = '{name}'"), ("verify", run, "--token", "0" * 64),
        ("list", "--query", "nonsense ="), ("undo", run, "--past", "call_9"), ("undo", run),
    ]  # fmt: skip
    for words in reads:
        there, here = await places.daemon(*words, "--json"), await places.stack(*words, "--json")
        assert there == here, (words, there, here)
        plain = await places.daemon(*words)
        assert plain.code == here.code, words
    published = [
        [line for line in (await place("agents", "--json")).lines if line["name"] == name]
        for place in (places.daemon, places.stack)
    ]  # other tests publish theirs meanwhile
    assert published[0] == published[1] != []
    card = (await places.daemon("show", run, "--json")).last
    own = (await places.stack("show", run, "--json")).last
    assert len(own.pop("token")) == 64  # a daemon's cards have none: see harness verify
    assert card == {**own, "url": None}
    exported = [
        (await place("export", run, "-o", file, "--json")).last
        for place, file in ((places.daemon, "there.json"), (places.stack, "here.json"))
    ]
    for fact in ("run", "events", "executions", "nodes", "missing", "token"):
        assert exported[0][fact] == exported[1][fact]
    assert (await places.stack("trace", "there.json", "--json")).code == 0


async def test_users_and_tokens(places: Places, name: str) -> None:
    """As an admin; the rows are the same ones."""
    user = f"u-{name}"
    added = await places.daemon("user", "add", user, "--role", "viewer", "--json")
    assert (added.last["role"], added.last["state"]) == ("viewer", "enabled")
    for words in (("set-role", user, "--role", "operator"), ("disable", user), ("enable", user)):
        assert (await places.daemon("user", *words, "--json")).code == 0
    made = await places.daemon("token", "create", "--user", user, "--name", "ci", "--json")
    for words in (("user", "list"), ("token", "list", "--user", user), ("token", "revoke", "0"),
                  ("user", "add", user), ("user", "enable", "nobody-there"),
                  ("token", "create", "--user", user, "--role", "admin")):  # fmt: skip
        there, here = await places.daemon(*words, "--json"), await places.stack(*words, "--json")
        assert there == here, (words, there, here)
    revoked = await places.daemon("token", "revoke", made.last["id"], "--json")
    assert revoked.last["state"] == "revoked"
    refused = await places.daemon("user", "list", user="operator")
    assert (refused.code, refused.error and refused.error["code"]) == (1, "access.not_allowed")


async def test_many_runs_are_steered_by_a_query(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await waiting_run(harness, model_server, name)
    query = f"HarnessAgent = '{name}'"
    refused = await places.daemon("pause", "--query", query, "--json", user="operator")
    assert refused.error and refused.error["code"] == "access.not_allowed"

    async def listed() -> list[str]:
        found = await places.daemon("list", "--query", query, "--state", "waiting", "--json")
        return [line["id"] for line in found.lines]

    assert await eventually(listed) == [run]
    paused = await places.daemon("hint", "--query", query, "be brief", "--json")
    assert paused.lines == [{"run": run, "ok": True}]
    forked = await places.daemon("fork", run, "--at", "0", "--hint", "again", "--json")
    assert forked.code == 0
    card = (await places.stack("show", forked.last["run"], "--json")).last
    assert card["parent"]["run"] == run
    assert card["owner"] == "local"
    assert (await places.daemon("abort", run, "--reason", "enough", "--json")).code == 0
    stranger = await places.daemon("show", run, "--json", user="stranger")
    missing = await places.daemon("show", "no-such-run", "--json", user="stranger")
    assert stranger.error and missing.error
    assert stranger.error["code"] == missing.error["code"] == "run.not_found"


async def test_a_conversation_shows_what_is_being_answered(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Sent."))
    card = await Conversations(harness.connection).create(name)
    sent = await places.stack(
        "conversation", "send", card.id, "Write to ann.", "--message", "m1", "--wait"
    )
    assert sent.code == 4
    shown = await places.daemon("conversation", "show", card.id)
    for words in ("  Write to ann.", f"answering m1: {card.id}.1", "waits for a decision: send("):
        assert words in shown.out, shown.out
    assert shown.out == (await places.stack("conversation", "show", card.id)).out
    await harness.connection.database.fetch("DELETE FROM harness.agent WHERE name = %s", (name,))
    waits = await places.daemon("conversation", "send", card.id, "More.", "--message", "m2")
    assert waits.out == "m2  waits at place 1\n"
    await places.daemon("abort", f"{card.id}.1")
    await answered(Conversations(harness.connection), card.id, 2)
    for place in (places.daemon, places.stack):
        again = await place("conversation", "send", card.id, "More.", "--message", "m2")
        assert (again.code, again.out[:20]) == (1, "m2  was not answered")
    assert (
        "not answered: m2 (More.): No agent"
        in (await places.daemon("conversation", "show", card.id)).out
    )


@pytest.mark.slow
async def test_conversations_and_chat(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    made = await places.daemon(
        "conversation", "create", name, "--title", "Talk", "--tag", "x", "--json", user="operator"
    )
    id = made.last["id"]
    sent = await places.daemon("conversation", "send", id, "Hi.", "--wait", "--json")
    assert (sent.code, sent.last["output"]) == (0, "Hello.")
    asked = await places.daemon(
        "run", "And again.", "--session", id, "--agent", f"@{name}", "--json", user="operator"
    )
    assert (asked.code, asked.last["run"], asked.last["output"]) == (0, f"{id}.2", "Hello.")
    inbox = Conversations(harness.connection)
    await answered(inbox, id, 2)
    for words in (("rename", id, "Other"), ("tag", id, "y", "z"), ("archive", id),
                  ("restore", id), ("delete", id), ("restore", id)):  # fmt: skip
        changed = await places.daemon("conversation", *words, "--json")
        assert (changed.code, changed.last["id"]) == (0, id), words
    for words in (("list", "--agent", name), ("show", id), ("show", "no-such"),
                  ("list", "--state", "all", "--tag", "z"), ("send", id), ("fork", id, "nothing"),
                  ("rename", id, "x" * 500)):  # fmt: skip
        there = await _said(places.daemon, *words)
        here = await _said(places.stack, *words)
        assert there == here, (words, there, here)
    exported = await places.daemon("conversation", "export", id, "-o", "talk.json", "--json")
    assert exported.last["messages"] == 4
    again = await places.daemon("conversation", "import", "talk.json", "--json", user="operator")
    assert again.last["title"] == "Other"
    rebuilt = await places.daemon("conversation", "rebuild")
    assert rebuilt.error and rebuilt.error["code"] == "config.not_remote"


async def _said(place: Place, *words: str) -> object:
    """What a command says, without what a daemon's summaries do not have."""
    try:
        ended = await place("conversation", *words, "--json")
    except UsageError as error:
        return error.message
    hidden = {"mark", "base", "head", "created", "changed", "active", "at", "started", "ended"}

    def bare(value: object) -> object:
        if isinstance(value, dict):
            data = cast("dict[str, object]", value)
            return {key: bare(each) for key, each in data.items() if key not in hidden}
        return (
            [bare(each) for each in cast("list[object]", value)]
            if isinstance(value, list)
            else value
        )

    return ended.code, ended.error, [bare(line) for line in ended.lines]


async def test_what_needs_the_stack_says_so(places: Places, name: str) -> None:
    cases = [
        ("run", "Hi.", "--agent", "agent.py"), ("run", "Hi.", "--workspace", "."),
        ("fork", "run.json", "--at", "1"), ("whatif", "run.json", "--at", "1"),
        ("fork", name, "--at", "1", "--agent", "agent.py"), ("undo", name, "--agent", "agent.py"),
        ("conversation", "create", name, "--owner", "ada"), ("archive", "export", "x.zip"),
        ("whatif", name, "--at", "1", "--agent", "agent.py"), ("backup", "x.zip"),
        ("chat", "--agent", "agent.py"), ("db", "upgrade"),
    ]  # fmt: skip
    for words in cases:
        ended = await places.daemon(*words)
        assert ended.error and ended.error["code"] == "config.not_remote", words
        assert ended.code == 2
        assert "--server local" in ended.error["fix"]
        assert "\n" not in ended.error["message"]
