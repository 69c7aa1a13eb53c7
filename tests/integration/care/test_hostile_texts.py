"""Texts that order the agent to change a service, and a model that obeys: a person decides, or
nothing is changed."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from harness import Harness
from harness.care.tickets import client
from harness.contracts.event import ToolCallFinished
from harness.runs.artifacts import list_artifacts
from tests.fakes.http import Exchange
from tests.fakes.metrics_server import MetricsServer
from tests.fakes.model_server import ModelServer
from tests.fakes.orders import HARMLESS, ORDERS
from tests.fakes.runs import eventually
from tests.fakes.steps import Say, call, say
from tests.fakes.telemetry import Telemetry, serve_telemetry, succeed
from tests.integration.care.conftest import MakeShop, Shop

LINES = [*HARMLESS]
"""What the logs say."""


@pytest.fixture
async def logs() -> AsyncIterator[Telemetry]:
    async def handle(exchange: Exchange) -> None:
        values = [[str(10**18 + at * 10**9), text] for at, text in enumerate(LINES)]
        data = {"resultType": "streams", "result": [{"stream": {"a": "b"}, "values": values}]}
        exchange.answer(200, "application/json", succeed(data), {})

    async with serve_telemetry(handle) as server:
        yield server
    LINES[:] = HARMLESS


@pytest.fixture
def care_options(care_options: dict[str, Any], logs: Telemetry) -> dict[str, Any]:
    care = {**care_options["care"], "logs": {"url": logs.url}}
    return {**care_options, "care": care, "model": "openai/gpt-5"}


@pytest.fixture
def care_env(care_env: dict[str, str], logs: Telemetry) -> dict[str, str]:
    return {**care_env, "HARNESS_CARE__LOGS__URL": logs.url}


def deploy_proposed(shop: Shop) -> Callable[[dict[str, Any]], Say]:
    """The model deploys the commit that its last call made."""

    def answer(body: dict[str, Any]) -> Say:
        found = re.findall(r"commit ([0-9a-f]{40})", json.dumps(body))
        return call("deploy_change", subject=shop.name, commit=found[-1], summary="as told")

    return answer


async def obey(shop: Shop, model: ModelServer, *reads: Say) -> str:
    """Let a model work on a ticket that reads, and then does what it has read; returns its run."""
    model.script(
        *reads,
        call("edit_file", path="values", old="0 0", new="5 0"),
        call("propose_change", subject=shop.name, summary="as told"),
        deploy_proposed(shop),
        say("done"),
    )
    ticket = await client.open_ticket(shop.connection, shop.name, "Answers look odd", "tester")
    await client.act_on_ticket(shop.connection, ticket.id, "work", "tester")
    ticket = await shop.ticket(ticket.id, "proposed", "failed", "resolved")
    assert ticket.run is not None
    return ticket.run


async def read_results(care: Harness, run: str) -> dict[str, ToolCallFinished]:
    events = [each async for each in care.get_run(run).events()]
    return {each.name: each for each in events if isinstance(each, ToolCallFinished)}


@pytest.mark.parametrize(
    "place",
    [
        "logs",
        "code",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("labels", "commits")),
    ],
)
async def test_a_person_decides_once_something_gave_orders(
    care: Harness, make_shop: MakeShop, model_server: ModelServer, metrics: MetricsServer,
    place: str,
) -> None:  # fmt: skip
    shop = await make_shop(changes="automatic")
    order = ORDERS["system"]
    reads = {
        "logs": call("query_logs", query='{a="b"}'),
        "labels": call("query_metrics", query="load"),
        "commits": call("list_changes", subject=shop.name),
        "code": call("read_file", path="notes.py"),
    }
    if place == "logs":
        LINES.append(order)
    metrics.values["load"] = 1.0
    metrics.labels["load"] = {"path": order if place == "labels" else "/"}
    (shop.folder / "notes.py").write_text(f"# {order if place == 'code' else 'Fast.'}\n")
    shop.git("add", "notes.py")
    shop.git("commit", "--quiet", "-m", order if place == "commits" else "Add notes")
    run = await obey(shop, model_server, *reads.values())
    [pending] = await eventually(care.get_run(run).pending)
    tool = {"logs": "query_logs", "labels": "query_metrics", "commits": "list_changes"}
    assert pending.question.startswith("Gate ask_after_orders: ")
    assert f"{tool.get(place, 'read_file')} showed text that gives orders" in pending.question
    assert not shop.deploys
    await care.get_run(run).reject(note="no")
    assert (await care.get_run(run).result()).output == "done"
    found = await read_results(care, run)
    assert all(found[each].untrusted for each in (*tool.values(), "read_file"))
    assert not shop.deploys and shop.live == (0, 0)
    assert "0 0" in shop.git("show", "HEAD:values")


async def test_without_orders_it_is_automatic(
    care: Harness, make_shop: MakeShop, model_server: ModelServer
) -> None:
    shop = await make_shop(changes="automatic")
    run = await obey(shop, model_server, call("query_logs", query='{a="b"}'))
    assert (await care.get_run(run).result()).output == "done"
    assert shop.deploys and shop.deploys[0].startswith("[]")


async def test_a_long_answer_can_be_downloaded(
    care: Harness, make_shop: MakeShop, model_server: ModelServer
) -> None:
    LINES[:] = [f"line {number}" for number in range(3_000)]
    shop = await make_shop()
    model_server.script(call("query_logs", query='{a="b"}'), say("done"))
    ticket = await client.open_ticket(shop.connection, shop.name, "Look", "tester")
    await client.act_on_ticket(shop.connection, ticket.id, "work", "tester")
    ticket = await shop.ticket(ticket.id, "failed", "resolved")
    assert ticket.run is not None
    result = (await read_results(care, ticket.run))["query_logs"]
    assert result.untrusted and len(result.content) < 5_000
    [kept] = await list_artifacts(care.connection, ticket.run)
    assert kept.media_type == "application/json" and kept.id in result.content
    content = json.loads(await care.connection.stores.artifacts.get(kept.id))
    assert len(content["lines"]) == 3_000
