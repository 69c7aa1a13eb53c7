"""Run an item of an evaluation and check what came of it: what the activities do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from harness.contracts.errors import EvalNotFound, HarnessError, RunFailed
from harness.contracts.event import DurableEvent
from harness.contracts.message import Message, Text, user_message
from harness.contracts.published import PublishedAgent
from harness.contracts.run import Budget, RunEnd, RunState, Totals
from harness.contracts.whatif import Outcome
from harness.engine.connection import Connection
from harness.evals.checks import Function, Judge
from harness.evals.contracts import (
    Case,
    CheckItem,
    CheckResult,
    CodeChecked,
    EvalItem,
    EvalPlan,
    ItemResult,
    ItemStarted,
    name_run,
)
from harness.evals.judge import read_grade, write_prompt
from harness.evals.observed import Observed
from harness.evals.score import make_result, score_check
from harness.evals.store import Evals
from harness.forks.fork import Change
from harness.forks.fork_handle import ForkHandle
from harness.forks.whatif import Question, WhatIf
from harness.history import reader
from harness.history.follow import Feeds
from harness.history.recording import read_history
from harness.journal.whatif import read_outcome
from harness.runs.end import wait_for_end
from harness.runs.start import start_run
from harness.runs.start_request import Request
from harness.runs.steer import abort_run

LABEL = "eval"
"""The label of its runs; the value is the evaluation's id."""
MOST_SECONDS = 1800.0
"""Wall time of a run, unless its own limit is smaller: nobody may answer what it asks."""
LATE_S = 60.0
"""How long it may take to end after its time is up."""
MAX_OUTPUT = 4_000
"""Characters of an answer that a result keeps."""


@dataclass(frozen=True)
class Runner:
    """Runs and checks the items of evaluations, for one worker process."""

    connection: Connection
    feeds: Feeds

    # --- the run

    async def run_item(self, item: EvalItem) -> ItemStarted:
        """Start the run of an item, or join it, and wait for its end."""
        rows, plan, case = await self._read(item)
        if await rows.has_result(item.eval, item.number):
            return ItemStarted()
        if await self._is_spent(rows, plan, item):
            return ItemStarted(over_budget=True)
        try:
            run = await self._run_case(item, plan, case)
        except HarnessError as error:
            if error.retryable:
                raise
            await rows.save_result(item.eval, item.number, _make_failed(plan, item, case, error))
            return ItemStarted()
        return ItemStarted(run=run)

    async def _is_spent(self, rows: Evals, plan: EvalPlan, item: EvalItem) -> bool:
        if plan.most_tokens is None and plan.most_micros is None:
            return False
        tokens, micros = await rows.sum_spent(item.eval)
        return tokens >= (plan.most_tokens or tokens + 1) or micros >= (
            plan.most_micros or micros + 1
        )

    async def _run_case(self, item: EvalItem, plan: EvalPlan, case: Case) -> str:
        _, cell, _ = plan.place(item.number)
        if case.source is not None:
            return await self._replay_case(item, plan, case.source)
        run = name_run(plan, item.eval, item.number)
        chosen = plan.cells[cell]
        agent, messages = chosen.agent, _messages_of(case)
        if item.workspace is not None and agent.workspace is not None:
            agent = agent.model_copy(update={"workspace": item.workspace})
        await self.run(item, plan, run, agent, messages, chosen.model)
        return run

    async def _replay_case(self, item: EvalItem, plan: EvalPlan, source: str) -> str:
        """Fork the recorded run with this agent and model; its tools are answered from the
        record."""
        _, cell, repeat = plan.place(item.number)
        chosen = plan.cells[cell]
        asking = WhatIf(
            self.connection,
            partial(ForkHandle, self.connection, self.feeds, by=plan.by),
            Question(at=0, n=1, change=Change(model=chosen.model, version=chosen.agent)),
            owner=plan.owner,
            by=plan.by,
            key=f"{item.eval}-{cell}-{repeat}",
        )
        [found] = (await asking.ask([source])).sources
        if not found.forks:
            why = found.error.message if found.error else "it was not forked"
            raise RunFailed(f"Run {source!r} could not be replayed: {why}")
        return found.forks[0].run

    async def run(
        self,
        item: EvalItem,
        plan: EvalPlan,
        run: str,
        agent: PublishedAgent,
        messages: tuple[Message, ...],
        model: str | None = None,
    ) -> RunEnd:
        """Start a run, or join it, and wait for its end."""
        budget = _limit_budget(plan.budget, agent.budget)
        request = Request(
            messages=messages, id=run, model=model, budget=budget, labels={LABEL: item.eval},
            owner=plan.owner, by=plan.by,
        )  # fmt: skip
        await start_run(self.connection, agent, request, eager=False)
        ending = asyncio.ensure_future(wait_for_end(self.connection, self.feeds, run))
        try:
            await asyncio.wait([ending], timeout=(budget.seconds or MOST_SECONDS) + LATE_S)
            if not ending.done():
                reason = "the time limit of an evaluation is reached"
                await abort_run(self.connection, run, reason, undo=False, by=plan.by)
            return await ending
        finally:
            ending.cancel()

    # --- its checks

    async def check_item(self, request: CheckItem) -> EvalItem:
        """Make the checks of an item whose run has ended, and save the result."""
        item = request.item
        rows, plan, case = await self._read(item)
        seen = await self.observe(plan, case, item, request.run)
        was = replace(seen, outcome=seen.recorded) if seen.recorded else None
        code = request.code or CodeChecked()
        checking = _Checking(self, item, plan, Totals())
        checks = await checking.make_checks(seen, request.run, code.results)
        was_passed: bool | None = None
        if was is not None:
            found = await checking.make_checks(was, f"{was.outcome.run}-{item.eval}", code.was)
            was_passed = all(each.passed for each in found)
        result = _make_result(plan, item, case, seen, checks, was_passed)
        spent = checking.spent
        result = result.model_copy(
            update={"judge_tokens": spent.usage.total, "judge_micros": spent.cost_micros}
        )
        await rows.save_result(item.eval, item.number, result)
        return item

    async def observe(self, plan: EvalPlan, case: Case, item: EvalItem, run: str) -> Observed:
        """Read what checks see of a run that has ended."""
        _, cell, _ = plan.place(item.number)
        events = reader.read_events(self.connection, run, wait=False)
        outcome = read_outcome([event async for event in events], 0)
        if outcome is None:
            raise RunFailed(f"Run {run!r} has not started.")
        recorded: Outcome | None = None
        if case.source is not None:
            source: list[DurableEvent] = list(
                (await read_history(self.connection, case.source)).events
            )
            recorded = read_outcome(source, 0)
            case = _expect_recorded(case, recorded)
        tools = plan.cells[cell].agent.tools
        effects = {name: policy.effect for name, policy in tools.items()}
        return Observed(case=case, outcome=outcome, effects=effects, recorded=recorded)

    async def read_item(self, item: EvalItem) -> tuple[EvalPlan, Case]:
        """The plan and the case of an item."""
        _, plan, case = await self._read(item)
        return plan, case

    async def _read(self, item: EvalItem) -> tuple[Evals, EvalPlan, Case]:
        rows = Evals(self.connection)
        plan = await rows.read_plan(item.eval)
        if plan is None:
            raise EvalNotFound(f"There is no evaluation {item.eval!r}.")
        return rows, plan, await rows.read_case(item.eval, plan.place(item.number)[0])


@dataclass
class _Checking:
    """The checks of one item, and what its judges spend."""

    runner: Runner
    item: EvalItem
    plan: EvalPlan
    spent: Totals

    async def make_checks(
        self, seen: Observed, run: str, given: Sequence[CheckResult]
    ) -> tuple[CheckResult, ...]:
        """Make all checks. `run` names what judges judge; `given`: what functions found."""
        found = {each.name: each for each in given}
        made: list[CheckResult] = []
        for number, check in enumerate(self.plan.checks, 1):
            if isinstance(check, Function):
                made.append(found[check.title])
            elif isinstance(check, Judge):
                made.append(await self._judge(seen, check, f"{run}-j{number}"))
            else:
                made.append(await score_check(check, seen))
        return tuple(made)

    async def _judge(self, seen: Observed, check: Judge, run: str) -> CheckResult:
        if seen.outcome.state is not RunState.COMPLETED:
            return make_result(check.title, False, f"the run {seen.outcome.state.value}")
        messages = (user_message(write_prompt(check, seen)),)
        judge = self.plan.judges[check.title]
        end = await self.runner.run(self.item, self.plan, run, judge, messages)
        totals = end.totals
        self.spent = self.spent.plus(usage=totals.usage, cost_micros=totals.cost_micros)
        return read_grade(check, end)


def _messages_of(case: Case) -> tuple[Message, ...]:
    if isinstance(case.input, str):
        return (user_message(case.input),)
    return tuple(Message(role=t.role, parts=(Text(text=t.content),)) for t in case.input)


def _expect_recorded(case: Case, recorded: Outcome | None) -> Case:
    """The case, which expects the recorded answer."""
    if recorded is None or recorded.state is not RunState.COMPLETED:
        return case
    answer = recorded.output if recorded.data is None else recorded.data
    return case.model_copy(update={"expected": answer})


def _limit_budget(own: Budget, agents: Budget) -> Budget:
    """The evaluation's limits where it has some, else the agent's; nobody is asked for more."""
    chosen = {**agents.model_dump(exclude_none=True), **own.model_dump(exclude_none=True)}
    seconds = min(chosen.get("seconds") or MOST_SECONDS, MOST_SECONDS)
    return Budget.model_validate({**chosen, "seconds": seconds, "ask": None})


def _make_result(
    plan: EvalPlan,
    item: EvalItem,
    case: Case,
    seen: Observed,
    checks: tuple[CheckResult, ...],
    was_passed: bool | None,
) -> ItemResult:
    _, cell, repeat = plan.place(item.number)
    outcome = seen.outcome
    return ItemResult(
        case=case.id, cell=cell, repeat=repeat, run=outcome.run, state=outcome.state.value,
        passed=all(each.passed for each in checks), checks=checks, was_passed=was_passed,
        turns=outcome.turns, tokens=outcome.tokens, cost_micros=outcome.cost_micros,
        seconds=outcome.seconds, tools=seen.tools[:200], output=seen.output[:MAX_OUTPUT],
        error=outcome.error,
    )  # fmt: skip


def _make_failed(plan: EvalPlan, item: EvalItem, case: Case, error: HarnessError) -> ItemResult:
    _, cell, repeat = plan.place(item.number)
    return ItemResult(
        case=case.id, cell=cell, repeat=repeat, state="failed", passed=False, error=error.info
    )
