"""A run pins the version of the template that made its prompt, and the values."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, Prompt
from harness.contracts.errors import InvalidVariable, PromptNotFound, RunIdTaken, RunNotFound
from harness.contracts.event import RunStarted
from harness.contracts.prompt import PinnedPrompt
from harness.crypto.keyring import new_key
from harness.forget.client import forget_run
from harness.history.export import dump_recording, read_file
from harness.history.recording import record_run
from harness.prompts.client import Prompts
from harness.runs.card import read_card
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import one
from tests.fakes.steps import say

TEXT = "+++\n[variables.n]\ntype = 'integer'\n[variables.who]\n+++\nPay {{ n }} to {{ who }}."


@pytest.fixture
def options(options: dict[str, Any], database_url: str) -> dict[str, Any]:
    database = {"url": database_url, "pool_size": 4}
    return {**options, "database": database, "encryption": {"key": new_key()}}


async def test_a_run_keeps_its_version(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path, engine: Any
) -> None:
    prompts, secret = Prompts(harness.connection), f"secret{uuid.uuid4().hex}"
    version = (await prompts.save("pay", TEXT + secret)).version
    model_server.always(say("Done."))
    prompt = Prompt("pay", n=3, who="{{ n }}" + secret)
    run = await harness.start(Agent(name), prompt, id=name)
    await run.result()
    asked = model_server.calls[-1].body["input"][-1]["content"]
    assert f"Pay 3 to {{{{ n }}}}{secret}.{secret}" in str(asked)

    # Not even a changed and an archived template changes what the run says of itself.
    await prompts.save("pay", "Pay nothing.")
    await prompts.set_archived("pay", True)
    pinned = PinnedPrompt(
        name="pay", version=1, digest=version.digest,
        variables={"n": 3, "who": "{{ n }}" + secret},
    )  # fmt: skip
    assert one(await run.trace(), RunStarted).template == pinned
    assert (await read_card(harness.connection, name)).template == pinned
    fork = await run.fork(0, hint="Again.")
    await fork.result()
    assert one(await fork.trace(), RunStarted).template == pinned
    file = tmp_path / "run.json"
    file.write_text(dump_recording(await record_run(harness.connection, name, at=0.0)))
    assert read_file(file).spec.template == pinned

    same = Prompt("pay@1", **prompt.variables)  # the same request is the same run
    assert (await harness.start(Agent(name), same, id=name)).id == name
    with pytest.raises(RunIdTaken):
        await harness.start(Agent(name), Prompt("pay@1", n=4, who="x"), id=name)

    grep = ["grep", "-rlaF", secret, str(engine.project)]
    found = await asyncio.to_thread(subprocess.run, grep, capture_output=True, text=True)
    assert found.stdout == "", "variables and templates are content"
    rows = await harness.connection.database.fetch("SELECT v::text FROM harness_prompts.version v")
    assert secret.encode().hex() not in str(rows)
    await forget_run(harness.connection, name)
    assert (await prompts.find("pay@1")).text == version.text, "templates are not the run's"


async def test_nothing_starts_with_wrong_variables(harness: Harness, name: str) -> None:
    await Prompts(harness.connection).save("pay", TEXT)
    for prompt, kind in (
        (Prompt("pay", n=3), InvalidVariable),
        (Prompt("pay", n="3", who="x"), InvalidVariable),
        (Prompt("pay@2", n=3, who="x"), PromptNotFound),
        (Prompt("nobody"), PromptNotFound),
    ):
        with pytest.raises(kind):
            await harness.start(Agent(name), prompt, id=name)
    with pytest.raises(RunNotFound):
        await harness.get_run(name).status()


async def test_a_session_and_its_prompts(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    await Prompts(harness.connection).save("pay", TEXT)
    model_server.always(say("Done."))
    session = harness.session(name)
    await session.run(Agent(name), "Hello.")
    run = await session.start(Agent(name), Prompt("pay", n=1, who="Ada"))
    await run.result()
    started = one(await run.trace(), RunStarted)
    assert started.template is not None and started.template.ref == "pay@1"
    assert started.prompt == "Pay 1 to Ada."
