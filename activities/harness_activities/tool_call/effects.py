"""Run a write through the ledger: record that it begins, run it once, record the outcome."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic_core import to_jsonable_python

from harness.agent import AnyTool, Happened, ToolContext
from harness.contracts.errors import (
    HarnessError,
    OutcomeUnknown,
    ToolBusy,
    ToolFailed,
    ToolUnavailable,
)
from harness.contracts.message import ToolResult
from harness.contracts.run import Limits
from harness.contracts.tool import RunTool, ToolOutcome
from harness.store.effects import Hold, NewEffect
from harness_activities.tool_call.failures import (
    clean_message,
    describe_error,
    is_retried,
    timeout_error,
)
from harness_activities.tool_call.host import CallHost, Connections, is_async

BUSY_S = 30.0
"""How long a call without a time limit waits for another attempt of the same call."""
LOOK_S = 0.25

log = logging.getLogger("harness.tools")


class EffectLedger(Connections, Protocol):
    """The part of the ledger that calls need."""

    async def find_state(self, key: str) -> tuple[str | None, int]: ...
    async def begin(self, new: NewEffect) -> Hold: ...
    async def is_doubtful(self, new: NewEffect) -> bool: ...
    async def begin_again(self, hold: Hold, receipt: Any = None) -> Hold: ...
    async def take_over(self, hold: Hold) -> None: ...
    async def mark_done(
        self, hold: Hold, result: Any, receipt: Any, *, inside: Any = None, note: str | None = None
    ) -> None: ...
    async def mark_failed(self, hold: Hold, receipt: Any, note: str) -> None: ...
    async def release(self, hold: Hold) -> None: ...


def count_allowed_attempts(tool: AnyTool) -> int:
    """Return how often a write may fail. Temporal makes more attempts, so that one of them finds
    out what happened when a worker died or the database was down."""
    return tool.policy.attempts or Limits().tool_attempts


def describe_restore(tool: str) -> str:
    return (
        "The database or Temporal was restored to an earlier state after this run had started. "
        f"The lost records may include a call of {tool}."
    )


@dataclass
class ThreadCall:
    """A function in a thread: it continues after its call is abandoned, and its end is recorded."""

    begun: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    value: Any = None
    error: BaseException | None = None

    def watch_function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        if is_async(fn):
            return fn

        @functools.wraps(fn)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.begun = True
            try:
                self.value = fn(*args, **kwargs)
            except BaseException as error:
                self.error = error
                raise
            finally:
                with contextlib.suppress(RuntimeError):  # the loop is gone, and its waiters with it
                    self.loop.call_soon_threadsafe(self.ended.set)
            return self.value

        return watched


@dataclass(kw_only=True)
class Write:
    """One call of a tool that changes something."""

    ledger: EffectLedger
    tool: AnyTool
    new: NewEffect
    request: RunTool
    arguments: Mapping[str, Any]
    """As the function's own types."""
    host: CallHost
    limit: float | None
    context: Callable[[], Awaitable[ToolContext[Any]]]
    invoke: Callable[..., Awaitable[Any]]
    show: Callable[[Any], Awaitable[ToolOutcome]]
    later: Callable[[Awaitable[None]], None]
    """Continues work after the call."""
    thread: ThreadCall = field(default_factory=ThreadCall)

    async def run_once(
        self, act: Callable[[Any, ThreadCall], Awaitable[ToolOutcome]]
    ) -> ToolOutcome:
        """Make the write unless it was already made. `act` gets what was prepared."""
        if self.tool.hooks.prepare and self.request.happened is None:
            state, self.host.undos = await self.ledger.find_state(self.new.key)
            if state == "undoing":  # if it is made again, it counts as undone
                self.host.undos += 1
            try:
                prepared = self._to_json(await self._call_prepare(self.tool.hooks.prepare))
            except HarnessError:
                # If it has already happened, the world is no longer as `prepare` expects.
                unmade = state in (None, "failed", "undone")
                if unmade and not await self.ledger.is_doubtful(self.new):
                    raise
                prepared = None
            self.new = dataclasses.replace(self.new, receipt=prepared)
        hold = await self._begin_hold()
        if hold is None:
            why = f"Another attempt of {self.tool.name} is still running. Approve to check again."
            return ToolOutcome(need="outcome", reason=why)
        self.host.undos = hold.undos
        try:
            settled = await self._settle_hold(hold)
        except BaseException:
            await self.ledger.release(hold)
            raise
        if isinstance(settled, ToolOutcome):
            return settled
        self.host.undos = settled.undos
        return await self._act_once(settled, act)

    async def _call_prepare(self, prepare: Callable[..., Any]) -> Any:
        try:
            return await self._call_hook(prepare)
        except HarnessError:
            raise
        except Exception as error:
            log.warning("preparing %s failed", self.tool.name, exc_info=True)
            raise ToolFailed(f"{self.tool.name} failed: {describe_error(error)}") from None

    async def _begin_hold(self) -> Hold | None:
        """Acquire the right to act; None if another attempt kept it until the time limit."""
        try:
            async with asyncio.timeout(self.limit or BUSY_S):
                while True:
                    try:
                        return await self.ledger.begin(self.new)
                    except ToolBusy:
                        pass
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return None

    async def _settle_hold(self, hold: Hold) -> Hold | ToolOutcome:
        """Return the right to act now, or the outcome if it is known without acting."""
        if hold.state == "done":
            await self.ledger.release(hold)
            return self._make_recorded_outcome(hold.result)
        if self.request.happened is not None:
            return await self._accept_answer(hold, self.request.happened)
        if hold.state == "new" and not hold.doubtful:
            return hold
        unmade = hold.state in ("failed", "undone") and not hold.doubtful
        if unmade or self.request.again == hold.attempt:
            return await self.ledger.begin_again(hold, self.new.receipt)
        return await self._resolve_unknown(hold)

    async def _accept_answer(self, hold: Hold, said: str) -> ToolOutcome:
        """Record that it happened, as a person reports, without calling the tool. If they were
        asked about something else than what is open now, ask again."""
        again = self.request.again
        if hold.state == "undoing" and again != hold.attempt:
            return await self._ask_outcome(hold, self._describe_unfinished_undo())
        if hold.state == "begun" and again not in (None, hold.attempt):
            why = f"{self.tool.name} was called once more since, and that never reported back."
            return await self._ask_outcome(hold, f"{why} It may have happened again.")
        return await self._record_happened(hold, Happened(said))

    async def _resolve_unknown(self, hold: Hold) -> Hold | ToolOutcome:
        """Settle a write that was begun and that no attempt works on: it may or may not have
        happened."""
        why = (
            f"An earlier attempt of {self.tool.name} began and never reported back: its worker "
            "died or lost touch. It may have happened."
        )
        looks = self.tool.on_unknown == "probe" and self.tool.hooks.probe
        if hold.state == "undoing":
            why = self._describe_unfinished_undo()
        elif hold.doubtful:
            # Even with on_unknown="retry": an idempotency key protects only the same call, and the
            # model may have made a different one in the lost history.
            why, looks = describe_restore(self.tool.name), self.tool.hooks.probe
        elif self.tool.on_unknown == "retry" and self._calls_left(hold):
            return await self.ledger.begin_again(hold, self.new.receipt)
        if looks and hold.state != "undoing":
            try:
                found = await self._call_hook(looks)
            except Exception as error:
                log.warning("the probe of %s failed", self.tool.name, exc_info=True)
                why = f"{why} The probe failed: {describe_error(error)}"
            else:
                if found is None:
                    return await self.ledger.begin_again(hold, self.new.receipt)
                return await self._record_happened(hold, found)
        return await self._ask_outcome(hold, why)

    def _calls_left(self, hold: Hold) -> bool:
        """Whether the tool may be called again, counting only calls since a person decided.
        Temporal's own count includes attempts that never got to a call because of an outage."""
        return hold.attempt - (self.request.again or 0) < count_allowed_attempts(self.tool)

    async def _ask_outcome(self, hold: Hold, why: str) -> ToolOutcome:
        await self.ledger.release(hold)
        return ToolOutcome(need="outcome", reason=why, attempt=hold.attempt)

    def _describe_unfinished_undo(self) -> str:
        return f"This call of {self.tool.name} was being undone, and that did not finish."

    async def _record_happened(self, hold: Hold, found: Happened) -> ToolOutcome:
        outcome = await self.show(found.result)
        receipt = hold.receipt if found.receipt is None else self._to_json(found.receipt)
        await self.ledger.take_over(hold)
        await self.ledger.mark_done(hold, outcome.result, receipt)
        return outcome

    async def _act_once(
        self, hold: Hold, act: Callable[[Any, ThreadCall], Awaitable[ToolOutcome]]
    ) -> ToolOutcome:
        host = self.host
        try:
            outcome = await act(hold.receipt, self.thread)
        except HarnessError as error:
            await host.rollback(error)
            if isinstance(error, OutcomeUnknown):
                return await self._handle_unknown(hold, error)
            await self.ledger.mark_failed(hold, host.given, clean_message(error.message))
            raise
        except TimeoutError as error:
            await host.rollback(error)
            return await self._handle_timeout(hold)
        except BaseException as error:
            await host.rollback(error)
            self._release_when_over(hold)
            raise
        if outcome.result is None:  # it asks a person first and has not acted
            await host.rollback(ToolFailed("asked"))
            await self.ledger.mark_failed(hold, host.given, "asked a person")
            return outcome
        await self._record_done(hold, outcome)
        return outcome

    async def _record_done(self, hold: Hold, outcome: ToolOutcome) -> None:
        host = self.host
        receipt = hold.receipt if host.given is None else host.given
        if host.inside is None:
            await self.ledger.mark_done(hold, outcome.result, receipt)
            return
        try:
            await self.ledger.mark_done(hold, outcome.result, receipt, inside=host.inside)
            await host.commit()
        except BaseException as error:
            await host.rollback(error)
            raise
        finally:
            await self.ledger.release(hold)

    async def _handle_unknown(self, hold: Hold, error: HarnessError) -> ToolOutcome:
        """Handle a tool that cannot tell whether it acted. The model must not read that it failed:
        it would call again, under another key."""
        await self.ledger.release(hold)
        again = ToolUnavailable(error.message)
        if self.tool.on_unknown != "ask" and is_retried(
            self.host.info, again, count_allowed_attempts(self.tool)
        ):
            raise again
        why = f"{error.message} It may have happened."
        return ToolOutcome(need="outcome", reason=why, attempt=hold.attempt)

    async def _handle_timeout(self, hold: Hold) -> ToolOutcome:
        self._release_when_over(hold)
        # What a transaction held was rolled back.
        if self.tool.on_unknown != "retry" or self.host.inside is None:
            why = f"{timeout_error(self.tool, self.limit).message} It may have happened."
            return ToolOutcome(need="outcome", reason=why, attempt=hold.attempt)
        raise timeout_error(self.tool, self.limit)

    def _release_when_over(self, hold: Hold) -> None:
        """Give up the right as soon as the function has ended."""
        self.later(self._finish_late(hold))

    async def _finish_late(self, hold: Hold) -> None:
        if not self.thread.begun:
            await self.ledger.release(hold)
            return
        await self.thread.ended.wait()
        if self.thread.error is not None:
            await self.ledger.mark_failed(hold, self.host.given, describe_error(self.thread.error))
            return
        outcome = await self.show(self.thread.value)
        await self._record_done(hold, outcome)

    async def _call_hook(self, hook: Callable[..., Any]) -> Any:
        async with asyncio.timeout(self.limit):
            return await self.invoke(hook, await self.context(), dict(self.arguments))

    def _to_json(self, value: Any) -> Any:
        return to_jsonable_python(value, fallback=str)

    def _make_recorded_outcome(self, result: Any) -> ToolOutcome:
        """Return the recorded outcome as the result of this call."""
        call = self.request.call
        known = {**result, "call": call.id, "name": call.name}
        return ToolOutcome(result=ToolResult.model_validate(known))
