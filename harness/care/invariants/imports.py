"""Import alert rules of Prometheus: all that can be, in one statement, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from harness.care.invariants.alert_rules import Rule, read_rules
from harness.care.invariants.client import add_recorded
from harness.care.invariants.invariant import Invariant
from harness.care.invariants.rows import Watched
from harness.care.invariants.views import ImportBody, ImportedRule, ImportView
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.care.subjects.registry import find_subject
from harness.care.telemetry.ask import find_refused
from harness.care.telemetry.prometheus import Prometheus
from harness.care.watching import keep_watch
from harness.engine.connection import Connection

OF_SUBJECT = "an invariant of subject.toml has this name"


async def import_rules(connection: Connection, body: ImportBody, by: str) -> ImportView:
    """Add the alert rules of a file to a subject, or change those that were imported before.

    Raises:
        SubjectNotFound: There is no such subject.
        RulesInvalid: It is not a file of rules.
        SourceMissing: No Prometheus is configured: it says whether queries are right.
        SourceUnreachable: It does not answer.
        StackUnreachable: Temporal does not answer. Importing again is safe.
    """
    await find_subject(connection, body.subject)
    rules = await asyncio.to_thread(read_rules, body.content)
    store = CareStore(connection.database)
    known = {each.invariant.name: each for each in await store.list_watched(body.subject)}
    wrong = await _ask(connection, [each.invariant for each in rules if each.invariant])
    shown = [_decide(each, known, wrong) for each in rules]
    wanted = [
        rule.invariant
        for rule, each in zip(rules, shown, strict=True)
        if rule.invariant is not None and each.outcome in ("added", "updated")
    ]
    if wanted and not body.dry_run:
        added = await add_recorded(connection, body.subject, wanted, by)
        shown = [
            each.model_copy(update={"outcome": "left out", "reason": OF_SUBJECT})
            if each.outcome in ("added", "updated") and each.name not in added
            else each
            for each in shown
        ]
        await keep_watch(connection)
    return ImportView(rules=shown, dry_run=body.dry_run)


def _decide(rule: Rule, known: dict[str, Watched], wrong: dict[str, str]) -> ImportedRule:
    made = rule.invariant
    if made is None:
        return ImportedRule(
            group=rule.group, rule=rule.rule, outcome="left out", reason=rule.reason
        )
    before = known.get(made.name)
    view = ImportedRule(
        group=rule.group, rule=rule.rule, name=made.name, outcome="added",
        condition=made.condition,
    )  # fmt: skip
    if made.name in wrong:
        return view.model_copy(update={"outcome": "left out", "reason": wrong[made.name]})
    if before is not None and before.by is None:
        return view.model_copy(update={"outcome": "left out", "reason": OF_SUBJECT})
    if before is not None:
        same = before.invariant == made
        return view.model_copy(update={"outcome": "unchanged" if same else "updated"})
    return view


async def _ask(connection: Connection, invariants: Sequence[Invariant]) -> dict[str, str]:
    """Ask each query once; the reasons of those that the server refuses, by name."""
    if not invariants:
        return {}
    queries = {each.name: each.query for each in invariants}
    async with Prometheus(connection.settings.section(CareSettings).metrics) as source:
        return await find_refused(queries, lambda name: source.query(queries[name]))
