"""Our own adapters pass the suite that authors of adapters run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from harness.providers.adapter import Adapter
from harness.providers.clients import make_adapter
from harness.testing.conformance import KEY, PROVIDER_CASES, Case, Say, Step, check_adapter
from harness.testing.conformance.provider import Trait
from tests.fakes import steps as fake
from tests.fakes.asking import KINDS, WHOLE_CALLS, provider
from tests.fakes.model_server import ModelServer

FAST = "results go back to the model"


class Played:
    """An adapter of ours at the fake model server."""

    def __init__(self, adapter: Adapter, server: ModelServer) -> None:
        self.adapter = adapter
        self._server = server

    @property
    def received(self) -> Sequence[str]:
        return [str(each.body) for each in self._server.calls]

    def play(self, *steps: Step) -> None:
        self._server.script(*map(_as_fake, steps))

    async def wait_until_closed(self) -> None:
        await self._server.disconnected(len(self._server.calls))


def _as_fake(step: Step) -> fake.Step:
    if isinstance(step, Say):
        fields: dict[str, Any] = vars(step) | {"used": fake.Used(step.used.input, step.used.output)}
        return fake.Say(**fields)
    if "status" in vars(step):
        return fake.Fail(**vars(step))
    return fake.Hang()


@asynccontextmanager
async def open_provider(kind: str) -> AsyncGenerator[Played]:
    async with ModelServer() as server:
        adapter = make_adapter("p", provider(server, kind, api_key=KEY))
        yield Played(adapter, server)
        await adapter.close()


def _pairs() -> list[Any]:
    """Each kind with each case; one case of each kind is fast, and all of one kind."""
    return [
        pytest.param(
            kind, case, id=f"{kind}: {case}",
            marks=[] if kind == "chat" or case.name == FAST else [pytest.mark.slow],
        )
        for kind in KINDS
        for case in PROVIDER_CASES
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "case"), _pairs())
def test_our_adapters_pass(kind: str, case: Case) -> None:
    lacks: list[Trait] = ["raw_arguments"] if kind in WHOLE_CALLS else []
    if not check_adapter(case, partial(open_provider, kind), lacks=lacks):
        pytest.skip("its protocol has no such thing")
