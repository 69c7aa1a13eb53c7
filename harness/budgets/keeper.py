"""Keep shared budgets: reserve before each model call, settle after it."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from harness.budgets.accounts import Account, find_accounts
from harness.budgets.ledger import Ledger
from harness.budgets.rows import Answer, Ask, Spent
from harness.budgets.settings import BudgetsSettings
from harness.budgets.store import BudgetStore
from harness.budgets.words import advise_reached, describe_reached
from harness.budgets.worst_case import bound_input, make_ask
from harness.commons.lease import Lease
from harness.contracts.errors import (
    BudgetBusy,
    ModelUnpriced,
    ProviderError,
    ProviderTimeout,
    ProviderUnreachable,
    SharedBudgetReached,
)
from harness.contracts.model import ContextPolicy, ModelReply, Usage
from harness.engine.connection import Connection
from harness.interceptors import Caller, ModelCall, ModelInterceptor, NextModel
from harness.providers.context.estimate import CHARS_PER_TOKEN, estimate_input
from harness.providers.context.fit import fit_messages
from harness.providers.prices import Price, cost_micros, price_of, read_prices
from harness.providers.received import Hidden, counting_hidden

PATIENCE_S = 120.0
"""How long a call waits for others to give back what they do not use."""
SHORTEST_S, LONGEST_S = 0.05, 1.0
SHORTER = 6
"""How often a last turn is tried with half of the conversation."""
LAST_MESSAGES = 2
"""How many messages a last turn has at least."""
KEPT = 1_000
CHARGED = (ProviderTimeout, ProviderUnreachable)
"""Errors after which the provider may charge for what it read, although no answer had begun."""


def make_interceptor(connection: Connection) -> ModelInterceptor:
    """Make what stands around each model call of a worker process."""
    settings = connection.settings
    return BudgetKeeper(
        settings.section(BudgetsSettings),
        BudgetStore(connection.database),
        read_prices(settings),
    )


class BudgetKeeper:
    """Lets a model call through if its budgets allow it, and books what it used."""

    def __init__(
        self, settings: BudgetsSettings, store: BudgetStore, prices: dict[str, Price]
    ) -> None:
        self._settings = settings
        self._store = store
        self._prices = prices
        self._lease = Lease(store.renew)
        self._ledger = Ledger(store, self._lease)
        self._tops: OrderedDict[str, str | None] = OrderedDict()

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        root = await self._find_top(call.caller.root)
        accounts = find_accounts(self._settings, call.caller, root)
        if not accounts:
            return await self._book_call(call, next)
        id = secrets.token_hex(16)
        self._lease.held += 1
        spent = self._count(call, Usage())
        try:
            call = await self._reserve(id, accounts, call)
            self._lease.keep_alive()
            received = _Received(call)
            try:
                with counting_hidden(received.hidden):
                    reply = await next(replace(call, sink=received.add))
            except BaseException as error:
                spent = self._count(call, received.charge(error))
                raise
            spent = self._count(call, reply.usage)
            return reply
        finally:
            self._lease.held -= 1
            # Awaited, so that the run's next call finds what this one did not use.
            final = spent
            await asyncio.shield(self._lease.run_later(lambda: self._store.settle(id, final)))

    async def _book_call(self, call: ModelCall, next: NextModel) -> ModelReply:
        """Make a call that is charged to no budget; it is booked all the same."""
        received = _Received(call)
        try:
            with counting_hidden(received.hidden):
                reply = await next(replace(call, sink=received.add))
        except BaseException as error:
            charged = received.charge(error)
            if charged.total:
                self._ledger.add(self._count(call, charged))
            raise
        self._ledger.add(self._count(call, reply.usage))
        return reply

    async def _reserve(self, id: str, accounts: Sequence[Account], call: ModelCall) -> ModelCall:
        """Wait until the budgets allow the call; returns it with the answer that they allow."""
        top = next((each.key for each in accounts if not each.daily), None)
        price = price_of(call.model, self._prices)
        limited = [each for each in accounts if each.cost is not None]
        if price is None and limited:
            raise ModelUnpriced(
                f"The budget {limited[0].key} limits the cost, but the price of {call.model} is "
                "not known.",
                fix=f'Add it to harness.toml: [prices."{call.model}"] input=..., output=... '
                "(US dollars per million tokens); or limit tokens.",
            )
        ask = make_ask(call, id, top, price)
        answer = await self._wait(accounts, ask)
        for _ in range(SHORTER):
            if answer.state == "granted" or not ask.last:
                break
            call = _with_half(call)
            ask = make_ask(call, id, top, price)
            answer = await self._wait(accounts, ask)
        if answer.state != "granted":
            # The run's question has both lines; only the message reaches the workflow.
            shortens = len(call.request.messages) > LAST_MESSAGES
            advice = advise_reached(answer, ask, accounts, shortens=shortens)
            raise SharedBudgetReached(f"{describe_reached(answer, ask)}\n{advice}")
        return _with_most(call, answer.output)

    async def _wait(self, accounts: Sequence[Account], ask: Ask) -> Answer:
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE_S
        pause = SHORTEST_S
        while True:
            answer = await self._store.reserve(self._lease.holder, accounts, ask)
            if answer.state != "waits":
                return answer
            if clock() > until:
                raise BudgetBusy(
                    f"Calls in progress have reserved what the budget {answer.stop} has left.",
                    retry_after=1.0,
                )
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(pause * 2, LONGEST_S)

    async def _find_top(self, root: str | None) -> str | None:
        """The budget of the run at the top. It opens it with its first call, before it can start
        any other run, so what is found stays true."""
        if root is None:
            return None
        if root not in self._tops:
            self._tops[root] = await self._store.find_top(root)
            if len(self._tops) > KEPT:
                self._tops.popitem(last=False)
        return self._tops[root]

    def _count(self, call: ModelCall, usage: Usage) -> Spent:
        caller: Caller = call.caller
        return Spent(
            run=caller.run, model=call.model, agent=caller.agent, session=caller.top_session,
            owner=caller.owner, input=usage.input, cached=usage.cached or 0, output=usage.output,
            cost=cost_micros(call.model, usage, self._prices), estimated=bool(usage.estimated),
        )  # fmt: skip


class _Received:
    """Counts an answer while it arrives: its text, thoughts and arguments of tools."""

    def __init__(self, call: ModelCall) -> None:
        self._call = call
        self._size = 0
        self.hidden = Hidden()

    def add(self, text: str) -> None:
        self._size += len(text)
        self._call.sink(text)

    def charge(self, error: BaseException) -> Usage:
        """What a call costs that failed, or was cut off: what the provider counted, with an
        estimate of what it did not report but may charge."""
        if not self._call.progress.sent:
            return Usage()
        counted = None
        if isinstance(error, ProviderError):
            counted = error.usage
            if counted is None and not isinstance(error, CHARGED):
                return Usage()
        counted = counted or Usage()
        if counted.input and counted.output:
            return counted
        size = self._size + self.hidden.characters
        return counted.model_copy(
            update={
                "input": counted.input or estimate_input(self._call.request),
                "output": counted.output or -(-size // CHARS_PER_TOKEN),
                "estimated": True,
            }
        )


def _with_most(call: ModelCall, output: int) -> ModelCall:
    params = call.request.params.model_copy(update={"max_output_tokens": output})
    return replace(call, request=call.request.model_copy(update={"params": params}))


def _with_half(call: ModelCall) -> ModelCall:
    """Leave out about half of the conversation, for a last turn that must fit what is left."""
    request = call.request
    policy = ContextPolicy(max_input_tokens=bound_input(request) // 3)
    fitted = fit_messages(request.messages, policy)
    return replace(call, request=request.model_copy(update={"messages": fitted.messages}))
