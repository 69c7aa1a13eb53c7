"""What must hold of a campaign. Pure functions of what the provider, the runs and our books say;
what should have happened is taken from the plan and the provider's books, not from our code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, pairwise

from harness.contracts import event as e
from harness.contracts.run import RunState, Totals
from tests.chaos.plan import DOWN, FRUGAL, Plan, Run
from tests.chaos.provider import MOST_OUTPUT, NUMBER, Meter, Served

DOUBT_S = 20.0
"""An answer that a worker got so long before it was killed may not have been booked."""
INPUT_PRICE, OUTPUT_PRICE = 2, 10
"""Millionths of a US dollar per token, of all models."""
FAILURES, REST_S = 5, 15.0
"""When a provider is left alone, and how long."""
DOOMED_CODES = ("provider.overloaded", "provider.network", "provider.server",
                "provider.circuit_open")  # fmt: skip


@dataclass(frozen=True)
class Booked:
    """What our ledger has of a run and a provider."""

    calls: int = 0
    input: int = 0
    output: int = 0
    cost: int = 0
    estimated: int = 0


@dataclass(frozen=True)
class Ended:
    """How a run ended. `state` is None if it did not."""

    state: RunState | None
    code: str | None = None
    output: str = ""
    totals: Totals = field(default_factory=Totals)
    replies: tuple[e.ModelReplied, ...] = ()


@dataclass(frozen=True)
class Account:
    """The budget that the frugal runs share."""

    limit: int
    spent: int
    spent_micros: int
    lost: int


@dataclass(frozen=True)
class Evidence:
    plan: Plan
    served: list[Served]
    killed: dict[str, float]
    ended: dict[int, Ended]
    booked: dict[tuple[int, str], Booked]
    total: Booked
    """What `harness cost` shows of all these runs."""
    account: Account | None
    granted: dict[str, int]
    """Requests that our limits admitted, by provider."""
    effects: list[str]
    meters: dict[str, Meter]

    def of(self, run: int) -> list[Served]:
        return [each for each in self.served if each.run == run]

    def is_cut(self, served: Served) -> bool:
        """Its worker was killed before the answer was over."""
        at, ended = self.killed.get(served.worker), served.ended_at
        return at is not None and (ended is None or ended >= at)

    def is_doubtful(self, served: Served) -> bool:
        at, ended = self.killed.get(served.worker), served.ended_at
        return at is not None and ended is not None and at - DOUBT_S < ended < at

    def answers(self, run: int) -> dict[int, e.ModelReplied]:
        """The replies in history, by the number that the provider gave them."""
        found: dict[int, e.ModelReplied] = {}
        for reply in self.ended[run].replies:
            if number := NUMBER.search(reply.message.text):
                found[int(number[1])] = reply
        return found


def find_violations(seen: Evidence) -> list[str]:
    checks = (_check_states, _check_replies, _check_books, _check_account, _check_limits,
              _check_effects, _check_circuit)  # fmt: skip
    return [words for check in checks for words in check(seen)]


# --- each run ends in the right state


def _check_states(seen: Evidence) -> Iterator[str]:
    for run in seen.plan.runs:
        ended, expected = seen.ended[run.number], _expect_end(seen, run)
        code = ended.code
        if isinstance(expected, str):
            yield f"run {run.number}: {expected}; it is {ended.state}, {code}"
            continue
        state, codes = expected
        if ended.state != state or (code is not None) != bool(codes) or code not in codes | {None}:
            yield f"run {run.number} is {ended.state}, {code}; expected: {state}, {sorted(codes)}"


def _expect_end(seen: Evidence, run: Run) -> tuple[RunState, set[str]] | str:
    """The state and the codes of the error that the provider's last answer must lead to."""
    met = [each for each in seen.of(run.number) if not seen.is_cut(each)]
    if run.doomed:
        return RunState.FAILED, set(DOOMED_CODES)
    if not met:
        return "no request of it arrived"
    last = met[-1]
    if last.complete and run.steps[last.step].tool is None:
        return RunState.COMPLETED, set()
    fault = last.fault
    if fault is not None and (
        fault.way == "fatal" or (fault.way == "lasting" and last.provider == run.candidates[-1])
    ):
        return RunState.FAILED, {fault.code}
    return f"its last request ({last.number}, {last.provider}) met {fault and fault.name!r}"


# --- what runs say they used is what the provider counted


def _check_replies(seen: Evidence) -> Iterator[str]:
    for run in seen.plan.runs:
        answers = seen.answers(run.number)
        ended = seen.ended[run.number]
        if len(answers) != len(ended.replies):
            yield f"run {run.number} has a reply twice, or one that nobody sent"
        own = {each.number: each for each in seen.of(run.number)}
        for number, reply in answers.items():
            sent = own.get(number)
            if sent is None:
                yield f"run {run.number} has answer {number}, which was another run's"
            elif (reply.usage.input, reply.usage.output) != (sent.used.input, sent.used.output):
                yield f"run {run.number}: answer {number} used {sent.used}, not {reply.usage}"
        for sent in own.values():
            lost = seen.is_cut(sent) or seen.is_doubtful(sent)
            if sent.complete and not lost and sent.number not in answers:
                name = sent.fault and sent.fault.name
                yield f"run {run.number}: answer {sent.number} ({name}) was thrown away"
        yield from _check_totals(run, ended, [own[number] for number in answers if number in own])


def _check_totals(run: Run, ended: Ended, counted: Sequence[Served]) -> Iterator[str]:
    usage, sums = ended.totals.usage, _sum_exact(counted)
    if (usage.input, usage.output) != (sums.input, sums.output):
        yield f"run {run.number} shows {usage}; the provider counted {sums}"
    if (ended.totals.cost_micros or 0) != sums.cost:
        yield f"run {run.number} shows {ended.totals.cost_micros}; it cost {sums.cost}"


def _sum_exact(counted: Sequence[Served]) -> Booked:
    given, made = (sum(getattr(s.used, name) for s in counted) for name in ("input", "output"))
    cost = given * INPUT_PRICE + made * OUTPUT_PRICE
    return Booked(calls=len(counted), input=given, output=made, cost=cost)


# --- our ledger is the provider's


def _check_books(seen: Evidence) -> Iterator[str]:
    places: defaultdict[tuple[int, str], list[Served]] = defaultdict(list)
    for served in seen.served:
        places[served.run, served.provider].append(served)
    for place in sorted({*places, *seen.booked}):
        booked = seen.booked.get(place, Booked())
        if not _fits(seen, places.get(place, []), booked):
            found = [_describe(seen, each) for each in places[place]]
            yield f"run {place[0]}, {place[1]}: booked {booked}; the provider has {found}"
    sums = Booked(*(sum(getattr(b, name) for b in seen.booked.values())
                    for name in ("calls", "input", "output", "cost", "estimated")))  # fmt: skip
    if sums != seen.total:
        yield f"`harness cost` shows {seen.total}; its parts have {sums}"


def _describe(seen: Evidence, served: Served) -> str:
    how = "cut" if seen.is_cut(served) else "in doubt" if seen.is_doubtful(served) else "whole"
    name = served.fault and served.fault.name
    used = f"{served.used.input}+{served.used.output}"
    return f"{served.number}: {name}, {served.charge}, {used}, {how}"


def _fits(seen: Evidence, served: Sequence[Served], booked: Booked) -> bool:
    """Whether the booked figures are those of the provider. A call whose worker was killed in the
    middle is not booked; one whose worker was killed soon after may be, or not."""
    answered = {number for run in {s.run for s in served} for number in seen.answers(run)}
    exact: list[Served] = []
    open_: list[Served] = []
    doubtful: list[Served] = []
    for each in served:
        if seen.is_cut(each) or each.charge == "nothing":
            continue
        if seen.is_doubtful(each):
            doubtful.append(each)
        else:
            (exact if each.charge == "used" or each.number in answered else open_).append(each)
    return any(
        _fits_exactly(booked, [*exact, *(s for s in more if s.charge == "used")],
                      [*open_, *(s for s in more if s.charge == "open")])
        for more in chain.from_iterable(combinations(doubtful, n) for n in range(len(doubtful) + 1))
    )  # fmt: skip


def _fits_exactly(booked: Booked, exact: Sequence[Served], open_: Sequence[Served]) -> bool:
    """`open_`: interrupted calls, which are booked with an estimate."""
    sums = _sum_exact(exact)
    if booked.calls != len(exact) + len(open_) or booked.estimated != len(open_):
        return False
    given, made = booked.input - sums.input, booked.output - sums.output
    if booked.cost - sums.cost != given * INPUT_PRICE + made * OUTPUT_PRICE:
        return False
    if not open_:
        return given == made == 0
    most = 2 * sum(each.used.input for each in open_)
    return 0 < given <= most and 0 <= made <= MOST_OUTPUT * len(open_)


def _check_account(seen: Evidence) -> Iterator[str]:
    account = seen.account
    if account is None:
        return
    frugal = {run.number for run in seen.plan.runs if run.agent == FRUGAL}
    rows = [booked for (run, _), booked in seen.booked.items() if run in frugal]
    spent = sum(each.input + each.output for each in rows)
    if account.spent != spent:
        yield f"the budget has {account.spent} tokens as spent, the ledger {spent}"
    if account.spent_micros != (cost := sum(each.cost for each in rows)):
        yield f"the budget has {account.spent_micros} as spent, the ledger {cost}"
    used = [each for each in seen.served if each.run in frugal and each.charge != "nothing"]
    charged = sum(s.used.input + s.used.output for s in used)
    if charged > account.limit:
        yield f"the provider charged {charged} tokens of a budget of {account.limit}"
    if account.spent + account.lost > account.limit:
        yield f"{account.spent} spent and {account.lost} lost, of a budget of {account.limit}"
    sure = sum(s.used.input + s.used.output for s in used if s.charge == "used")
    if sure > account.spent + account.lost:
        yield f"the provider charged {sure}; the budget has {account.spent} and {account.lost} lost"


# --- limits, effects, circuit breakers


def _check_limits(seen: Evidence) -> Iterator[str]:
    plan = seen.plan
    for name, meter in seen.meters.items():
        if meter.most_requests > plan.requests or meter.most_tokens > plan.tokens:
            yield (f"{name}: {meter.most_requests} requests and {meter.most_tokens} tokens in a "
                   f"minute; the limit is {plan.requests} and {plan.tokens}")  # fmt: skip
    arrived = Counter(each.provider for each in seen.served)
    for name, granted in seen.granted.items():
        # A worker that is killed may have been about to send what it was granted.
        most = len(seen.plan.runs) * len(seen.killed)
        if not 0 <= granted - arrived[name] <= most:
            yield f"{name}: {granted} requests were granted, {arrived[name]} arrived"


def _check_effects(seen: Evidence) -> Iterator[str]:
    wanted: Counter[str] = Counter()
    for run in seen.plan.runs:
        for reply in seen.ended[run.number].replies:
            for call in reply.message.calls:
                if isinstance(call.arguments, dict):
                    wanted[call.arguments["text"]] += 1
    happened = Counter(seen.effects)
    for text in sorted(wanted.keys() | happened.keys()):
        if wanted[text] != 1 or happened[text] != 1:
            yield f"{text} was called for {wanted[text]} times and happened {happened[text]} times"


def _check_circuit(seen: Evidence) -> Iterator[str]:
    """A provider that is down gets one call after each rest, from each worker."""
    workers = {each.worker for each in seen.served if each.provider == DOWN}
    for worker in sorted(workers):
        met = [s for s in seen.served if s.provider == DOWN and s.worker == worker]
        ends = sorted(s.ended_at for s in met if s.ended_at is not None)
        if len(ends) < FAILURES:
            continue
        after = [s.at for s in met if s.at > ends[FAILURES - 1] + 1.0]
        for earlier, later in pairwise(after):
            if later - earlier < REST_S * 0.9:
                yield f"{worker} called {DOWN} twice within {later - earlier:.1f} s while it rested"
