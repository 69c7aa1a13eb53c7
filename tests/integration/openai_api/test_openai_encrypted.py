"""Chains of responses and attached images, with encryption."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from harness import Agent, Harness
from harness.crypto.keyring import new_key
from harness.forget.client import forget_run
from harness.openai_api.ids import read_response_id
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say
from tests.integration.openai_api.conftest import Clients

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n not really").decode()


@pytest.fixture
def options(options: dict[str, Any], database_url: str) -> dict[str, Any]:
    database = {"url": database_url, "pool_size": 4}
    return {**options, "database": database, "encryption": {"key": new_key()}}


async def test_a_chain_is_read_and_forgotten_together(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Noted."))
    create = clients.operator.responses.create
    first = await create(
        model=name,
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "My name is Alice."},
                    {
                        "type": "input_image",
                        "image_url": f"data:image/png;base64,{PIXEL}",
                        "detail": "auto",
                    },
                ],
            }
        ],
    )
    second = await create(model=name, input="And now?", previous_response_id=first.id)
    sent = str(model_server.calls[-1].body["input"])
    assert "Alice" in sent and PIXEL in sent
    runs = {read_response_id(each.id) for each in (first, second)}
    forgotten = await forget_run(harness.connection, read_response_id(second.id))
    assert set(forgotten.runs) == runs and forgotten.unreadable
