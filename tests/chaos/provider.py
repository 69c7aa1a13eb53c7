"""The providers of a campaign: they deal out faults, enforce limits, and keep books."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chaos.faults import BY_NAME, Fault
from tests.chaos.plan import DOWN, Kill, Plan
from tests.fakes.model_server import Call, ModelServer
from tests.fakes.steps import Fail, Hang, Say, Step, Used

WINDOW_S = 60.0
RUN = re.compile(r"This is run (\d+)\.")
DONE = re.compile(r"done (\d+)\.(\d+)")
NUMBER = re.compile(r"\[answer (\d+)\]")
MOST_OUTPUT = 300


@dataclass
class Served:
    """One request, and what the provider has in its books about it."""

    number: int
    run: int
    step: int
    provider: str
    worker: str
    at: float
    """Of time.monotonic(), as all times here."""
    used: Used
    fault: Fault | None
    call: Call
    over_limit: bool = False
    """It was refused because the limit was used up."""

    @property
    def charge(self) -> str:
        if self.over_limit:
            return "nothing"
        return "used" if self.fault is None else self.fault.charge

    @property
    def ended_at(self) -> float | None:
        """When the answer was over, or its reader had gone."""
        return self.call.done_at if self.call.done_at is not None else self.call.gone_at

    @property
    def complete(self) -> bool:
        """The whole answer was sent, and it is a good one."""
        good = self.fault is None or self.fault.way == "none"
        return good and not self.over_limit and self.call.done_at is not None


@dataclass
class Meter:
    """A limit of requests and tokens in a sliding window, as the provider counts."""

    requests: int
    tokens: int
    window: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    most_requests: int = 0
    most_tokens: int = 0

    def admit(self, at: float, tokens: int) -> bool:
        """Count a request, also one that exceeds the limit."""
        while self.window and self.window[0][0] <= at - WINDOW_S:
            self.window.popleft()
        self.window.append((at, tokens))
        used = sum(each for _, each in self.window)
        self.most_requests = max(self.most_requests, len(self.window))
        self.most_tokens = max(self.most_tokens, used)
        return len(self.window) <= self.requests and used <= self.tokens


class Provider:
    """All providers of a campaign, on one server. `strike(served)` is called when the plan says
    that the worker of this request dies while it waits; the answer is then held where it says."""

    def __init__(
        self, plan: Plan, server: ModelServer, strike: Callable[[Served, Kill], None]
    ) -> None:
        self.served: list[Served] = []
        self.meters: dict[str, Meter] = {}
        self._plan = plan
        self._server = server
        self._strike = strike
        self._kills = deque(plan.kills)
        self._asked: Counter[tuple[int, int, str]] = Counter()

    def answer(self, body: dict[str, Any]) -> Step:
        call = self._server.find_call(body)
        served = self._receive(body, call)
        step = self._plan.by_number[served.run].steps[served.step]
        good = self._make_answer(served, step.tool)
        if self._kills and served.fault is None and len(self.served) > self._kills[0].after:
            kill = self._kills.popleft()
            self._strike(served, kill)
            if kill.moment == "first":
                return Hang()
            return replace(good, then="hang") if kill.moment == "half" else good
        meter = self.meters.setdefault(
            served.provider, Meter(self._plan.requests, self._plan.tokens)
        )
        tokens = 0 if served.charge == "nothing" else served.used.input + served.used.output
        if served.provider != DOWN and not meter.admit(served.at, tokens):
            served.over_limit = True
            return Fail(429, "The limit of the campaign is exceeded.")
        return good if served.fault is None else served.fault.make(good)

    def _receive(self, body: dict[str, Any], call: Call) -> Served:
        text = json.dumps(body)
        found = RUN.search(text)
        assert found, "the prompt is gone"
        run, provider = int(found[1]), body["model"].removeprefix("m-")
        step = len({each for each in DONE.findall(text) if int(each[0]) == run})
        place = (run, step, provider)
        asked = self._asked[place]
        self._asked[place] += 1
        planned = self._plan.by_number[run].steps[step]
        faults = planned.faults.get(provider, ())
        name = faults[asked] if asked < len(faults) else planned.stays.get(provider)
        chance = random.Random(f"{self._plan.seed}/{place}/{asked}")
        used = Used(
            input=max(1, len(text) // 5),
            output=chance.randint(5, min(MOST_OUTPUT, _read_most(body))),
        )
        served = Served(
            number=len(self.served), run=run, step=step, provider=provider,
            worker=_read_worker(call), at=time.monotonic(), used=used,
            fault=_find_fault(name, provider, planned.tool) if name else None, call=call,
        )  # fmt: skip
        self.served.append(served)
        return served

    def _make_answer(self, served: Served, tool: str | None) -> Say:
        text = f"[answer {served.number}] This is step {served.step} of run {served.run}, going on."
        wanted = {"text": f"{served.run}.{served.step}"}
        return Say(text=text, calls=((tool, wanted),) if tool else (), used=served.used)


def _find_fault(name: str, provider: str, tool: str | None) -> Fault:
    """The fault as it is in the provider's protocol. An answer without a call has no arguments that
    could be broken: it stays good."""
    fault = BY_NAME[name]
    return fault if tool is None and name == "broken arguments" else fault.at(provider)


def _read_worker(call: Call) -> str:
    """The name of the worker, which is its key."""
    names = ("x-api-key", "x-goog-api-key", "authorization")
    found = next(call.headers[name] for name in names if call.headers.get(name))
    return found.removeprefix("Bearer ")


def _read_most(body: dict[str, Any]) -> int:
    """The most output that a request allows, in any protocol."""
    config: dict[str, Any] = body.get("generationConfig") or {}
    named = [body.get(name) for name in ("max_output_tokens", "max_tokens")]
    named += [body.get("max_completion_tokens"), config.get("maxOutputTokens")]
    return next((each for each in named if each), MOST_OUTPUT)
