"""The ways in which a provider fails, and what must come of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from tests.fakes.steps import Drop, Fail, Hang, Raw, Say, Step

Way = Literal["passing", "lasting", "fatal", "none"]
"""passing: another candidate or a later attempt answers. lasting: only another candidate may.
fatal: the run fails. none: the answer is good, however it comes."""
Charge = Literal["nothing", "used", "open"]
"""What the provider charges: nothing, what it reported, or what only it knows."""
SLOW_S = 0.1
CLOSES_LATE = ("compat", "mistral")
"""Protocols whose last event comes after a complete answer with its usage."""


@dataclass(frozen=True)
class Fault:
    name: str
    way: Way
    code: str
    """Of the error that it causes."""
    charge: Charge
    make: Callable[[Say], Step]
    """Spoils a good answer."""

    def at(self, kind: str) -> Fault:
        """The fault as it is in one protocol."""
        if self.name == "cut at the last event" and kind in CLOSES_LATE:
            return replace(self, way="none", charge="used")
        if self.name == "cut at the last event" and kind == "anthropic":
            return replace(self, charge="used")
        if self.name == "broken arguments" and kind == "gemini":
            # Its protocol has no broken arguments: it says that the model wrote some.
            return replace(self, way="passing", code="provider.invalid_reply")
        return self


def _fail(status: int, message: str = "", **more: Any) -> Callable[[Say], Step]:
    return lambda _: Fail(status, message or f"The provider answers {status}.", **more)


def _say(**change: Any) -> Callable[[Say], Step]:
    return lambda say: replace(say, **change)


def _refuse(say: Say) -> Step:
    return replace(say, text="", calls=(), refusal="I cannot help with that.")


def _break_arguments(say: Say) -> Step:
    """Without a call there is nothing to break, and the answer stays as it is."""
    return replace(say, calls=tuple((name, '{"text": "') for name, _ in say.calls))


_AFTER = {"retry-after": "0.4"}
FAULTS: tuple[Fault, ...] = (
    Fault("429", "passing", "provider.rate_limit", "nothing", _fail(429)),
    Fault("429 with headers", "passing", "provider.rate_limit", "nothing",
          _fail(429, headers=_AFTER)),
    Fault("overloaded", "passing", "provider.overloaded", "nothing", _fail(529)),
    Fault("503", "passing", "provider.overloaded", "nothing", _fail(503)),
    Fault("500", "passing", "provider.server", "nothing", _fail(500)),
    Fault("504", "passing", "provider.timeout", "open", _fail(504)),
    Fault("dropped before an answer", "passing", "provider.network", "open", lambda _: Drop()),
    Fault("no answer", "passing", "provider.timeout", "open", lambda _: Hang()),
    Fault("cut before the first event", "passing", "provider.cut_stream", "open",
          _say(then="cut", after="first")),
    Fault("cut midway", "passing", "provider.cut_stream", "open", _say(then="cut")),
    Fault("cut at the last event", "passing", "provider.cut_stream", "open",
          _say(then="cut", after="last")),
    Fault("cut after the last event", "none", "", "used", _say(then="cut", after="all")),
    Fault("ended before the first event", "passing", "provider.cut_stream", "open",
          _say(then="stop", after="first")),
    Fault("ended midway", "passing", "provider.cut_stream", "open", _say(then="stop")),
    Fault("stalled midway", "passing", "provider.timeout", "open", _say(then="hang")),
    Fault("error midway", "passing", "provider.server", "open",
          _say(error=Fail(500, "The server had an error."))),
    Fault("an event that is no JSON", "passing", "provider.invalid_reply", "open",
          _say(garbage=True, split=None)),
    Fault("empty", "passing", "provider.invalid_reply", "used", _say(text="", calls=())),
    Fault("slow", "none", "", "used", _say(delay=SLOW_S)),
    Fault("broken arguments", "none", "", "used", _break_arguments),
    Fault("out of credit", "lasting", "provider.quota", "nothing", _fail(402)),
    Fault("wrong key", "lasting", "provider.authentication", "nothing", _fail(401)),
    Fault("not allowed", "lasting", "provider.permission", "nothing", _fail(403)),
    Fault("no such model", "lasting", "provider.not_found", "nothing", _fail(404)),
    Fault("a web page", "lasting", "provider.protocol", "nothing",
          lambda _: Raw(b"<html>Welcome</html>", content_type="text/html")),
    Fault("bad request", "fatal", "provider.bad_request", "nothing", _fail(400)),
    Fault("too long", "fatal", "provider.context_overflow", "nothing",
          _fail(400, "This exceeds the maximum context length.", code="context_length_exceeded")),
    Fault("refused", "fatal", "provider.refusal", "used", _refuse),
)  # fmt: skip
BY_NAME = {fault.name: fault for fault in FAULTS}
PASSING = tuple(each.name for each in FAULTS if each.way in ("passing", "none"))
LASTING = tuple(each.name for each in FAULTS if each.way == "lasting")
FATAL = tuple(each.name for each in FAULTS if each.way == "fatal")
