"""http_request against a shop on a real socket, alone and in runs that are undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from harness import Agent, Harness
from harness.config.settings import HttpToolSettings, settings_model
from harness.contracts.errors import ToolError
from harness.tools import http_request, http_tools
from harness.tools.web.http_request import HttpReceipt
from tests.fakes.http import Connection, Exchange
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import waiting
from tests.fakes.steps import call as step
from tests.fakes.steps import say
from tests.fakes.tool_calls import Caller, calling

LOCAL = HttpToolSettings(allow=("127.0.0.1",), allow_private=True)


class Shop:
    """Takes orders and cancels them; each Idempotency-Key counts once."""

    def __init__(self) -> None:
        self.orders: dict[str, Any] = {}
        self.seen: list[Exchange] = []
        self.answers: list[int | str] = []
        """What the next requests get instead: a status, or a way to fail."""
        self.silent: set[int] = set()
        """Statuses that come without word of when to try again."""
        self.base = ""
        self._keys: dict[str, str] = {}

    async def handle(self, exchange: Exchange) -> None:
        self.seen.append(exchange)
        instead = self.answers.pop(0) if self.answers else None
        if isinstance(instead, int):
            later = {} if instead in self.silent else {"retry-after": "0"}
            exchange.answer(instead, "text/plain", b"as told", later)
            return
        if instead == "before":
            exchange.drop()
            return
        status, answer = self._do(exchange)
        if instead == "after":
            exchange.drop()
            return
        exchange.answer(status, "application/json", json.dumps(answer).encode(), {})

    def _do(self, exchange: Exchange) -> tuple[int, Any]:
        number = exchange.path.rpartition("/")[2]
        if exchange.method == "POST":
            known = self._keys.get(exchange.headers["idempotency-key"])
            if known is None:
                known = self._keys[exchange.headers["idempotency-key"]] = f"no/{len(self._keys)}"
                self.orders[known] = json.loads(exchange.body)
            return 201, {"id": known, "lines": [{"n": 7}], "self": f"{self.base}/orders/7"}
        number = number.replace("%2F", "/")
        if exchange.method == "PUT":
            self.orders[number] = json.loads(exchange.body)
            return 200, {}
        return (200, {}) if self.orders.pop(number, None) is not None else (404, {})


@asynccontextmanager
async def opened() -> AsyncGenerator[Shop]:
    shop, connections = Shop(), set[Connection]()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(shop.handle, connections), "127.0.0.1", 0)
    shop.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield shop
    finally:
        server.close()
        for each in list(connections):
            each.transport.close()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with opened() as made:
        yield made


@pytest.fixture
async def call(shop: Shop) -> AsyncIterator[Caller]:
    secret = {shop.base: {"Authorization": "Bearer secret"}}
    tools = http_tools(approval="never", headers=secret)
    async with calling(*tools, http=LOCAL) as caller:
        yield caller


def receipt(call: Caller) -> dict[str, Any]:
    [row] = call.effects.rows.values()
    return row["receipt"]


async def test_a_request_and_the_one_that_takes_it_back(call: Caller, shop: Shop) -> None:
    said = await call(
        "http_request", method="POST", url=f"{shop.base}/orders", body={"item": "tea"},
        headers={"X-Shop": "1", "authorization": "by the model"},
        undo={
            "method": "DELETE", "url": f"{shop.base}/orders/{{response.id}}",
            "body": {"line": "{response.lines.0.n}", "why": ["of {response.id}", 1]},
        },
    )  # fmt: skip
    assert said.startswith("HTTP 201 application/json")
    assert shop.orders == {"no/0": {"item": "tea"}}
    [request] = shop.seen
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["x-shop"] == "1"
    assert request.headers["content-type"] == "application/json"
    [key] = call.effects.rows
    assert request.headers["idempotency-key"] == key
    undo = receipt(call)["undo"]
    assert undo["url"] == f"{shop.base}/orders/no%2F0"
    assert undo["body"] == {"line": 7, "why": ["of no/0", 1]}
    assert "secret" not in json.dumps(receipt(call))


async def test_an_undo_that_cannot_be_filled_in_is_reported(call: Caller, shop: Shop) -> None:
    undo = {"method": "DELETE", "url": f"{shop.base}/orders/{{response.number}}"}
    said = await call("http_request", method="POST", url=f"{shop.base}/o", body={}, undo=undo)
    assert "The request was made, but cannot be undone: The answer has no response.number." in said
    assert len(shop.orders) == 1
    assert receipt(call)["why"] == "The answer has no response.number."


async def test_no_undo_makes_what_was_done_a_failure(
    call: Caller, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{shop.base}/orders"
    holes = [
        "{response.lines." + "1" * 5_000 + "}",
        "{response.text}" * 20,
        "{response.long}",
        "{response.deep" + ".0" * 500 + "}",
    ]
    long = {"text": "b" * 1_000, "long": "c" * 4_900_000}
    monkeypatch.setattr(shop, "_do", lambda _: (201, long))
    for hole in holes:
        call.effects.rows.clear()
        undo = {"method": "DELETE", "url": f"{url}/{hole}"}
        said = await call("http_request", method="POST", url=url, body={}, undo=undo)
        why = receipt(call)["why"]
        assert f"The request was made, but cannot be undone: {why}" in said
        assert len(why) < 1_000

    def broken(*_: Any) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr("harness.tools.web.inverse.fill_undo", broken)
    call.effects.rows.clear()
    undo["url"] = url
    await call("http_request", method="POST", url=url, body={}, undo=undo)
    assert receipt(call)["why"] == "RecursionError: too deep"


async def test_mistakes_are_reported_before_anything_is_sent(call: Caller, shop: Shop) -> None:
    url = f"{shop.base}/orders"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"url": "http://elsewhere.invalid/"}, "may not access elsewhere.invalid"),
        ({"url": "ftp://127.0.0.1/"}, "not a valid http or https"),
        ({"headers": {"Host": "other"}}, "is set by the tool"),
        (
            {"undo": {"method": "DELETE", "url": "http://elsewhere.invalid/1"}},
            "undo may not access",
        ),
        ({"undo": {"method": "DELETE", "url": "http://127.0.0.1:1/1"}}, "undo may not access"),
        ({"undo": {"method": "DELETE", "url": url, "headers": {"Host": "x"}}}, "set by the tool"),
        (
            {"undo": {"method": "DELETE", "url": "http://{response.host}/1"}},
            "is not a valid address",
        ),
        ({"undo": {"method": "DELETE", "url": "/orders/1"}}, "is not a valid address"),
        ({"undo": {"method": "DELETE", "url": url + "/{response.a}" * 21}}, "the limit is 20"),
        ({"undo": {"method": "PUT", "url": url, "body": [{"a": "{response.a}"}] * 21}}, "21 val"),
        ({"method": "GET"}, "POST"),
        ({"headers": {"X": "a\r\nb"}}, "invalid characters"),
        ({"headers": {"X:": "b"}}, "not a valid header name"),
    ]
    for change, words in refused:
        asked: dict[str, Any] = {"method": "POST", "url": url, "body": {}, **change}
        assert words in (await call.refused("http_request", **asked))[1], change
    assert shop.seen == []


async def test_answers(call: Caller, shop: Shop) -> None:
    asked: dict[str, Any] = {"method": "POST", "url": f"{shop.base}/orders", "body": {}}
    for status in (301, 400, 404, 501):
        shop.answers = [status]
        code, message = await call.refused("http_request", **asked)
        assert (code, f"answered with {status}" in message) == ("tool.failed", True)
    for status in (429, 503):
        shop.answers = [status]
        with pytest.raises(ApplicationError) as caught:
            await call.request("http_request", asked)
        assert caught.value.type == "tool.temporary"
    shop.silent = {503}  # a proxy that has lost the server
    for instead in (500, 502, 503, "before", "after"):
        shop.answers = [instead]
        call.effects.rows.clear()
        outcome = await call.request("http_request", asked)
        assert (outcome.need, outcome.attempt) == ("outcome", 1)
        assert outcome.reason and outcome.reason.endswith("It may have happened.")
    assert len(shop.orders) == 1  # the one whose answer was lost


async def test_secrets_are_sent_over_https_only() -> None:
    secret = {"shop.example": {"authorization": "Bearer sesame"}}
    settings = HttpToolSettings(allow=("shop.example",))
    async with calling(*http_tools(approval="never", headers=secret), http=settings) as call:
        asked = {"method": "POST", "url": "http://shop.example/orders"}
        code, message = await call.refused("http_request", **asked)
    assert code == "tool.confined"
    assert "are sent over https only" in message


async def test_a_server_cannot_choose_where_its_undo_goes(shop: Shop) -> None:
    async with opened() as other:
        secret = {each.base: {"authorization": "Bearer secret"} for each in (shop, other)}
        tools = http_tools(approval="never", headers=secret, undo_origins=[other.base])
        [_, tool] = tools
        hooks: Any = tool.hooks
        undo = {"method": "DELETE", "url": "{response.self}", "headers": {"x": "{response.id}"}}
        asked = {"method": "POST", "url": f"{shop.base}/orders", "body": {}, "undo": undo}
        async with calling(*tools, http=LOCAL) as call:
            await call("http_request", **asked)
            assert receipt(call)["undo"]["url"] == f"{shop.base}/orders/7"
            home, shop.base = shop.base, other.base
            call.effects.rows.clear()
            said = await call("http_request", **asked)
            assert f"cannot be undone: The undo may not access {other.base}" in said
            assert receipt(call).get("undo") is None
        # A receipt from before, or one that was planted: checked again when it is used.
        planted = HttpReceipt.model_validate(
            {
                "method": "POST",
                "url": home,
                "undo": {"method": "DELETE", "url": "http://x.invalid/"},
            }
        )
        assert "may not access http://x.invalid" in hooks.obstacle(planted)
        context: Any = None
        with pytest.raises(ToolError, match="may not access"):
            await hooks.undo(context, planted)
    assert other.seen == []


async def test_a_host_that_keeps_to_the_key_may_be_asked_again(shop: Shop) -> None:
    tools = http_tools(approval="never", on_unknown="retry")
    async with calling(*tools, http=LOCAL) as call:
        asked: dict[str, Any] = {"method": "POST", "url": f"{shop.base}/orders", "body": {}}
        shop.answers = ["after"]
        with pytest.raises(ApplicationError):
            await call.request("http_request", asked)
        assert (await call("http_request", **asked)).startswith("HTTP 201")
        assert len(shop.seen) == 2
        # No answer to the last attempt either: told that it failed, the model would order again.
        shop.answers = ["after"] * 3
        for attempt in (1, 2):
            call.info(attempt=attempt)
            with pytest.raises(ApplicationError):
                await call.request("http_request", asked, turn=2)
        call.info(attempt=3)
        outcome = await call.request("http_request", asked, turn=2)
        assert (outcome.need, outcome.result) == ("outcome", None)
    assert len(shop.orders) == 2


async def test_orders_are_undone(
    options: dict[str, Any], model_server: ModelServer, name: str, shop: Shop, tmp_path: Path
) -> None:
    url = f"{shop.base}/orders"
    shop.orders["old"] = "coffee"
    order = {"method": "POST", "url": url, "body": "{}"}
    model_server.script(
        step("http_request", **order, undo={"method": "DELETE", "url": url + "/{response.id}"}),
        step("http_request", method="PUT", url=f"{url}/old", body={"now": "tea"},
             undo={"method": "PUT", "url": f"{url}/old", "body": {"was": "coffee"}}),
        step("http_request", **order),
        say("Done."),
    )  # fmt: skip
    settings = settings_model().model_validate({**options, "http": LOCAL.model_dump()})
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        run = await harness.start(Agent(name, tools=[http_request]), "Order.")
        for _ in range(3):
            await waiting(run)
            await run.approve()
            await waiting(run, 0)
        await run.outcome()
        assert shop.orders == {"old": {"now": "tea"}, "no/0": {}, "no/1": {}}
        dry = await run.undo(dry_run=True)
        assert [step.state for step in dry.steps] == ["stopped", "would_undo", "would_undo"]
        assert dry.stopped and dry.stopped.obstacle
        assert dry.stopped.obstacle.code == "tool.no_undo"
        shop.answers = [200, 503, 412]
        report = await run.undo(past=[dry.stopped.call])
        assert [step.state for step in report.steps] == ["passed", "undone", "stopped"]
        assert report.stopped and report.stopped.obstacle
        assert report.stopped.obstacle.code == "tool.changed"
        report = await run.undo(past=[dry.stopped.call])
        assert [step.state for step in report.steps] == ["passed", "undone"]
    assert shop.orders == {"old": {"now": "tea"}, "no/1": {}}
