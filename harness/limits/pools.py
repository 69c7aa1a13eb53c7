"""Keep the widths of pools: a call of a pool's tool waits until the pool has room."""

from __future__ import annotations

from temporalio import activity

from harness.contracts.errors import PoolBusy
from harness.contracts.tool import POOL_WAIT_S, ToolOutcome
from harness.engine.connection import Connection
from harness.interceptors import NextTool, ToolInterceptor, ToolUse
from harness.limits.quota import find_pool_quota
from harness.limits.rows import NORMAL, Answer, Ask, Used
from harness.limits.settings import LimitsSettings
from harness.limits.store import LimitStore
from harness.limits.turnstile import Turnstile

SPARE_S = 5.0
"""Time that an activity needs besides the wait and the tool."""


def make_interceptor(connection: Connection) -> ToolInterceptor:
    """Make what stands around each tool call of a worker process."""
    settings = connection.settings.section(LimitsSettings)
    return Pools(settings, Turnstile(LimitStore(connection.database)))


class Pools:
    """Lets tool calls through, each when its pool has room."""

    def __init__(self, settings: LimitsSettings, turnstile: Turnstile) -> None:
        self._settings = settings
        self._turnstile = turnstile

    async def call_tool(self, use: ToolUse, next: NextTool) -> ToolOutcome:
        pool = use.policy.pool
        quota = None if pool is None else find_pool_quota(self._settings, pool)
        if quota is None:
            return await next(use)

        def refuse(answer: Answer) -> PoolBusy:
            return PoolBusy(
                f"The pool {quota.name} has had no room for {use.tool}: its {quota.width} places "
                f"are taken, and {answer.ahead} calls are ahead.",
                retry_after=1.0,
            )

        ask = _ask(use)
        async with self._turnstile.pass_through([quota], ask, _find_patience(), refuse) as turn:
            turn.used = Used(input=0, output=0)
            return await next(use)


def _ask(use: ToolUse) -> Ask:
    caller = use.caller
    call = use.request.call
    return Ask(
        place=f"{caller.run}/{caller.turn}/{call.id}/{use.request.ordinal or 1}",
        attempt=caller.attempt,
        run=caller.run,
        owner=caller.owner,
        what=call.name,
        priority=NORMAL if caller.priority is None else caller.priority,
    )


def _find_patience() -> float:
    """How long the activity may wait: what the workflow added to its timeout. A run that began
    before its tool had a pool added nothing."""
    total = activity.info().start_to_close_timeout
    extra = 0.0 if total is None else total.total_seconds() - POOL_WAIT_S
    return POOL_WAIT_S - SPARE_S if extra > 0 else SPARE_S
