"""Show limits and pools: what commands, routes and metrics call. `by` is who asks."""

from __future__ import annotations

from collections.abc import Sequence

from harness.api.caller import LOCAL, Caller, Role
from harness.engine.connection import Connection
from harness.limits.quota import Kind, Quota, list_quotas
from harness.limits.rows import Holding, Usage
from harness.limits.settings import LimitsSettings
from harness.limits.store import LimitStore
from harness.limits.views import Limit, LimitCall

MOST = 1_000


async def list_limits(
    connection: Connection, kinds: Sequence[Kind], *, by: Caller = LOCAL, calls: bool = True
) -> list[Limit]:
    """List the configured limits of these kinds, with their use.

    Args:
        connection: The process's connection.
        kinds: Of models, providers or pools.
        by: Who asks. Only admins see the runs of others.
        calls: Whether to list the calls that use them.

    Returns:
        The limits, in the order of the settings.
    """
    settings = connection.settings.section(LimitsSettings)
    quotas = [each for each in list_quotas(settings) if each.kind in kinds]
    if not quotas:
        return []
    store = LimitStore(connection.database)
    usage = await store.list_usage(quotas)
    holdings = await store.list_holdings(quotas, MOST) if calls else []
    return [_view(each, usage.get(each.key), holdings, by) for each in quotas]


def _view(quota: Quota, usage: Usage | None, holdings: Sequence[Holding], by: Caller) -> Limit:
    own = [each for each in holdings if each.quota == quota.key]
    limit = Limit(
        kind=quota.kind,
        name=quota.name,
        requests_per_minute=quota.requests,
        tokens_per_minute=quota.tokens,
        width=quota.width,
        users=[_show_call(each, by) for each in own if not each.waits],
        queue=[_show_call(each, by) for each in own if each.waits],
    )
    if usage is None:
        return limit
    figures = {
        "requests": usage.requests, "tokens": usage.tokens, "in_use": usage.in_use,
        "waiting": usage.waiting, "granted": usage.granted, "waited": usage.waited,
        "waited_seconds": round(usage.waited_s, 1), "refused": usage.refused,
        "closed_seconds": usage.closed_s, "reported_requests": usage.reported_requests,
        "reported_tokens": usage.reported_tokens,
    }  # fmt: skip
    return limit.model_copy(update=figures)


def _show_call(holding: Holding, by: Caller) -> LimitCall:
    visible = by.role is Role.ADMIN or holding.owner == by.user
    return LimitCall(
        run=holding.run if visible else None,
        what=holding.what,
        seconds=round(holding.seconds, 1),
        priority=holding.priority,
    )
