"""Reads the activity log for a caller."""

from __future__ import annotations

import json
import math
from dataclasses import astuple, dataclass
from datetime import datetime

from harness.activity.merge import TOP, Merged, Place, Source, merge_acts
from harness.activity.run_sources import RunActs
from harness.activity.table_sources import list_access, list_deletions
from harness.activity.views import Act, ActivityPage, Kind
from harness.api.caller import Caller, Role
from harness.api.context import ApiContext
from harness.api.paging import decode_cursor, encode_cursor


@dataclass(frozen=True, kw_only=True)
class ActivityFilter:
    """Conditions that all have to hold; those that are None hold for every act."""

    user: str | None = None
    kind: Kind | None = None
    run: str | None = None
    since: datetime | None = None

    def takes(self, act: Act) -> bool:
        """Whether the conditions hold, but for the time."""
        by = act.by or ""
        # A signal has a user, and the daemon or program that sent it.
        who = self.user in (None, by) or by.startswith(f"{self.user} (sent by ")
        return who and self.kind in (None, act.kind) and self.run in (None, act.run)


async def read_activity(
    context: ApiContext, caller: Caller, which: ActivityFilter, limit: int, cursor: str | None
) -> ActivityPage:
    """A page of the log. Callers see their own runs; admins see all, and users and tokens."""
    signer = await context.connection.signing.get_signer()
    bound_to = "activity\0" + json.dumps(
        [caller.user, caller.role, *map(str, astuple(which))], ensure_ascii=True
    )
    token = decode_cursor(signer, cursor, bound_to)
    place = Place(*json.loads(token)) if token else TOP
    since = -math.inf if which.since is None else which.since.timestamp()
    merged = await _merge(context, caller, which, limit, place, since)
    following = json.dumps(merged.next).encode() if merged.next is not None else b""
    return ActivityPage(
        activity=merged.acts,
        next=encode_cursor(signer, following, bound_to),
        incomplete=merged.incomplete,
    )


async def _merge(
    context: ApiContext, caller: Caller, which: ActivityFilter, limit: int, place: Place,
    since: float,
) -> Merged:  # fmt: skip
    if which.run is not None and not which.run.isprintable():
        return Merged([], None, incomplete=False)  # no run has such an id
    runs = RunActs(context, caller, which.run, place.at, since)
    sources: list[Source] = [runs.list_live(), runs.list_archived(), runs.list_undos()]
    if caller.role is Role.ADMIN:
        connection = context.connection
        sources.append(list_deletions(connection, which.run, place.at, since))
        if which.run is None:
            sources.append(list_access(connection, place.at, since))
    return await merge_acts(sources, which.takes, limit=limit, place=place, since=since)
