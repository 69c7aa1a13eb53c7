"""What commands say of prompts, webhooks, the archive and the installation, through a daemon as on
the stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Agent, Harness
from harness.contracts.errors import NotRemote
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say
from tests.integration.remote.conftest import Places
from tests.integration.remote.test_same_commands import send

HOOK = "https://example.org/hook"


async def test_prompt_templates(places: Places, name: str, tmp_path: Path) -> None:
    file = tmp_path / "refund.md"
    file.write_text("Refund {{ amount }} to {{ who }}.\n")
    there = f"p-{name}"
    saved = await places.daemon("prompt", "save", there, str(file), "--json", user="operator")
    assert (saved.code, saved.last["version"], saved.last["added"]) == (0, 1, True)
    file.write_text("Refund {{ amount }} euros to {{ who }}.\n")
    assert (await places.daemon("prompt", "save", there, str(file), "--json")).last["version"] == 2
    words = ("--var", "amount=3", "--var", "who=ann")
    for asked in (
        ("show", there), ("show", f"{there}@1"), ("show", f"{there}@9"), ("show", "no-such"),
        ("versions", there), ("versions", there, "--limit", "1"), ("try", there, *words),
        ("diff", f"{there}@1", f"{there}@2"), ("diff", f"{there}@1", "no-such@1"),
        ("try", there), ("save", there, str(file)), ("archive", there), ("archive", "no-such"),
        ("save", there, str(file)), ("restore", there),
    ):  # fmt: skip
        remote = await places.daemon("prompt", *asked, "--json")
        local = await places.stack("prompt", *asked, "--json")
        assert remote == local, (asked, remote, local)
        assert (await places.daemon("prompt", *asked)).code == local.code
    listed = [
        [
            line
            for line in (await place("prompt", "list", "--json")).lines
            if line.get("name") == there
        ]
        for place in (places.daemon, places.stack)
    ]
    assert listed[0] == listed[1] != []
    refused = await places.daemon("prompt", "archive", there, user="operator")
    assert refused.error and refused.error["code"] == "access.not_allowed"
    file_agent = await places.daemon("prompt", "try", there, *words, "--agent", "agent.py")
    assert file_agent.error and file_agent.error["code"] == NotRemote.code


async def test_a_template_is_tried_on_a_published_agent(
    places: Places, harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Done."))
    file = tmp_path / "p.md"
    file.write_text("Say {{ word }}.\n")
    await places.stack("prompt", "save", f"p-{name}", str(file))
    tried = await places.daemon(
        "prompt", "try", f"p-{name}", "--var", "word=hi", "--agent", f"@{name}", "--json"
    )
    assert (tried.code, tried.last["output"]) == (0, "Done.")


async def test_webhooks(places: Places, name: str) -> None:
    del name
    added = await places.daemon("webhook", "add", HOOK, "--events", "run_ended", "--json")
    id = added.last["id"]
    assert added.last["everyone"] is True and added.last["secret"].startswith("whsec_")
    for words in (("show", id), ("deliveries", id), ("resume", id), ("show", "wh_none"),
                  ("test", "wh_none"), ("add", "http://10.0.0.1/x"),
                  ("add", HOOK, "--events", "nothing")):  # fmt: skip
        there = await places.daemon("webhook", *words, "--json")
        here = await places.stack("webhook", *words, "--json")
        assert there == here, (words, there, here)
    own = await places.daemon("webhook", "add", HOOK, "--json", user="operator")
    assert own.error and own.error["code"] == "access.not_allowed"  # the runs of all users
    foreign = await places.daemon("webhook", "remove", id, "--json", user="operator")
    assert foreign.error and foreign.error["code"] == "webhooks.not_found"
    assert (await places.daemon("webhook", "remove", id, "--json")).last == {"id": id}
    gone = await places.stack("webhook", "show", id)
    assert gone.error and gone.error["code"] == "webhooks.not_found"


@pytest.mark.slow
async def test_the_archive_and_forgetting(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    await harness.serve(agent)
    model_server.always(say("Hello."))
    handle = await harness.start(agent, "Hi.")
    await handle.result()
    sealed = await places.daemon("archive", "seal", handle.id, "no-such-run", "--json")
    assert sealed == await places.stack("archive", "seal", handle.id, "no-such-run", "--json")
    assert sealed.code == 1 and len(sealed.lines[0]["token"]) == 64
    swept = await places.daemon("archive", "seal", "--json")
    assert set(swept.last) == {"sealed", "failed"}
    assert swept.code == (1 if swept.last["failed"] else 0)  # runs of other tests
    status = (await places.daemon("archive", "status", "--json")).last
    assert status.keys() == (await places.stack("archive", "status", "--json")).last.keys()
    assert status["figures"]["seals"] > 0
    listed = await places.daemon("list", "--archived", "--agent", name, "--json")
    assert listed == await places.stack("list", "--archived", "--agent", name, "--json")
    assert listed.last["id"] == handle.id
    whole = await places.daemon("verify", "--json")
    assert whole.code in (0, 1) and whole.lines  # other tests damage what is sealed
    for words in (("archive", "status"), ("archive", "seal"), ("archive", "rebuild"), ("verify",),
                  ("list", "--archived"), ("forget", handle.id, "--yes")):  # fmt: skip
        refused = await places.daemon(*words, user="operator")
        assert refused.error and refused.error["code"] == "access.not_allowed", words
    for words in (("forget", "no-such-run", "--yes"), ("forget", "a\u00a0b", "--yes")):
        there = await places.daemon(*words, "--json")
        assert there == await places.stack(*words, "--json")
        assert there.error and there.error["code"] == "run.not_found"
    forgotten = await places.daemon("forget", handle.id, "--yes", "--json")
    assert (forgotten.code, forgotten.last["runs"]) == (0, [handle.id])
    assert forgotten.last["deleted"]["answer"] == 1

    async def is_gone() -> bool:
        shown = await places.daemon("show", handle.id)
        return shown.error is not None and shown.error["code"] == "store.forgotten"

    await eventually(is_gone)


async def test_what_an_installation_can_do(places: Places) -> None:
    for words in (
        ("tools",), ("capabilities",), ("db",),
        ("capabilities", "show", "forks"), ("db", "status", "--sql"),
    ):  # fmt: skip
        there, here = await places.daemon(*words, "--json"), await places.stack(*words, "--json")
        assert there == here, (words, there, here)
        assert there.lines
        assert (await places.daemon(*words)).code == here.code
    models = [
        [(line["model"], line.get("price")) for line in (await place("models", "--json")).lines]
        for place in (places.daemon, places.stack)
    ]  # whether there is a key depends on the machine
    assert models[0] == models[1] != []
    for words in (("capabilities", "disable", "forks"), ("db", "upgrade"),
                  ("tools", "--agent", "a.py"), ("archive", "export", "x.zip")):  # fmt: skip
        refused = await places.daemon(*words)
        assert refused.error and refused.error["code"] == NotRemote.code, words


async def test_replay(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    await harness.serve(agent)
    model_server.always(say("Hello."))
    run = (await harness.start(agent, "Hi.")).id
    await harness.get_run(run).outcome()
    replayed = await places.daemon("replay", run, "--json")
    assert replayed == await places.stack("replay", run, "--json")
    assert (replayed.code, [line["ok"] for line in replayed.lines]) == (0, [True])
    missing = await places.daemon("replay", "no-such-run", "--json")
    assert missing.error and missing.error["code"] == "run.not_found"


@pytest.mark.slow
async def test_whatif(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[send])
    await harness.serve(agent)
    model_server.always(say("Hello."))
    runs = [(await harness.start(agent, f"Hi {number}.")).id for number in range(2)]
    for run in runs:
        await harness.get_run(run).outcome()
    model_server.always(call("send", to="ann", text="x"))
    asked = await places.daemon(
        "whatif", *runs, "--at", "0", "--hint", "be brief", "--n", "2", "--json"
    )
    facts = asked.last["summary"]
    assert asked.code == 0 and len(asked.lines) == 5, (asked, facts)
    forks = [line["run"] for line in asked.lines[:-1]]
    card = (await places.stack("show", forks[0], "--json")).last
    assert (card["whatif"], card["owner"], card["parent"]["run"]) == (True, "local", runs[0])
    foreign = await places.daemon("whatif", runs[0], "--at", "0", user="stranger")
    assert foreign.error and foreign.error["code"] == "run.not_found"
    nowhere = await places.daemon("whatif", runs[0], "--at", "7", "--json")
    here = await places.stack("whatif", runs[0], "--at", "7", "--json")
    assert nowhere.code == here.code == 1
