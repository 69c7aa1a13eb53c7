"""The outcome of a call: a result, an error for the model, a question, or another attempt."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

from harness.agent import Ask, Happened, ToolContext, tool
from harness.contracts.errors import find_error
from tests.fakes.tool_calls import calling

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


@tool(effect="read")
def where() -> list[Any]:
    "Tell the thread and the context."
    return [threading.current_thread() is threading.main_thread(), variable.get()]


@tool(effect="read")
async def where_async() -> bool:
    "Tell the thread."
    return threading.current_thread() is threading.main_thread()


@tool(effect="read")
def returns_awaitable() -> Any:
    "Return something to await."
    return asyncio.sleep(0, "awaited")


async def test_functions_run_in_threads_and_async_ones_on_the_loop() -> None:
    async with calling(where, where_async, returns_awaitable) as call:
        variable.set("kept")
        assert await call("where") == '[false,"kept"]'
        assert await call("where_async") == "true"
        assert await call("returns_awaitable") == "awaited"


async def test_an_unknown_tool_is_an_error_for_the_model() -> None:
    async with calling(where) as call:
        code, message = await call.refused("wher")
    assert code == "tool.unknown"
    assert "Did you mean where" in message


def exploding(error: BaseException) -> Any:
    def sync_fails() -> None:
        "Fail."
        raise error

    async def async_fails() -> None:
        "Fail."
        raise error

    return tool(effect="read")(sync_fails), tool(effect="read")(async_fails)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no such thing"), "ValueError: no such thing"),
        (TimeoutError("its own"), "TimeoutError: its own"),
        (SystemExit(3), "SystemExit: 3"),
        (StopIteration("over"), "StopIteration"),
        (KeyError("k"), "KeyError: 'k'"),
        (ExceptionGroup("many", [ValueError()]), "ExceptionGroup: many"),
        (RuntimeError("token sk-abcdefghijklmnop123456"), "RuntimeError: token ***"),
        (RuntimeError("x" * 1_000_000), "RuntimeError: xxx"),
    ],
)
async def test_an_exception_is_an_error_for_the_model(error: BaseException, words: str) -> None:
    for each in exploding(error):
        async with calling(each) as call:
            code, message = await call.refused(each.name)
        assert code == "tool.failed"
        assert words in message
        assert "Traceback" not in message
        assert len(message) < 3_000


async def test_a_tool_that_cancels_itself_has_failed() -> None:
    for each in exploding(asyncio.CancelledError()):
        async with calling(each) as call:
            assert "cancelled itself" in (await call.refused(each.name))[1]


@tool
async def flaky(ctx: ToolContext[None], category: str = "temporary") -> None:
    "Fail for now."
    raise find_error(f"tool.{category}")("The line is busy.", retry_after=7)


async def test_temporal_retries_a_temporary_failure_until_the_last_attempt() -> None:
    async with calling(flaky) as call:
        with pytest.raises(ApplicationError) as caught:
            await call.request("flaky", {})
        assert caught.value.type == "tool.temporary"
        assert caught.value.non_retryable is False
        assert caught.value.next_retry_delay == timedelta(seconds=7)
        call.info(attempt=3)
        code, message = await call.refused("flaky")
        assert (code, message) == ("tool.temporary", "The line is busy.")
        call.info(attempt=2, retry_policy=RetryPolicy())
        with pytest.raises(ApplicationError):
            await call.request("flaky", {})
        call.info(attempt=4, retry_policy=RetryPolicy(maximum_attempts=10))
        assert (await call.refused("flaky"))[0] == "tool.temporary", "a tool fails four times"
        call.info(attempt=1, retry_policy=RetryPolicy(non_retryable_error_types=["tool.temporary"]))
        assert (await call.refused("flaky"))[0] == "tool.temporary"


async def test_a_tool_error_keeps_its_category() -> None:
    async with calling(flaky) as call:
        assert (await call.refused("flaky", category="denied"))[0] == "tool.denied"


@tool(on_unknown="ask")
async def pay(amount: int) -> str:
    "Pay."
    return f"paid {amount}"


@tool(on_unknown="retry")
async def pay_once(amount: int) -> str:
    "Pay, but never twice."
    return f"paid {amount}"


@tool(effect="read")
async def look() -> str:
    "Look."
    return "seen"


async def test_a_write_whose_worker_died_is_not_repeated_without_asking() -> None:
    async with calling(pay, pay_once) as call:
        await call("pay", amount=1)
        await call("pay_once", amount=1)
        call.effects.begun_elsewhere()
        outcome = await call.request("pay", {"amount": 1}, approved=True)
        assert (outcome.need, outcome.attempt) == ("outcome", 1)
        assert outcome.result is None
        assert "It may have happened" in (outcome.reason or "")
        assert (await call.request("pay", {"amount": 1}, again=2)).need == "outcome"
        again = await call.request("pay", {"amount": 1}, again=1)
        assert again.result and again.result.content == "paid 1"
        assert await call("pay_once", amount=1) == "paid 1"


async def test_the_outcome_that_a_person_reports_is_recorded() -> None:
    async with calling(pay) as call:
        await call("pay", amount=1)
        call.effects.begun_elsewhere()
        outcome = await call.request("pay", {"amount": 1}, again=1, happened="it was paid")
        assert outcome.result and outcome.result.content == "it was paid"
        assert await call("pay", amount=1) == "it was paid"


async def test_a_write_that_has_happened_is_not_repeated() -> None:
    made: list[int] = []

    @tool
    async def order(n: int) -> str:
        "Order."
        made.append(n)
        return f"order {len(made)}"

    async with calling(order) as call:
        assert await call("order", n=1) == "order 1"
        call.info(attempt=2)
        assert await call("order", n=1) == "order 1"
        other = await call.request("order", {"n": 1}, ordinal=2)
        assert other.result and other.result.content == "order 2"


async def test_a_failed_write_is_retried() -> None:
    async with calling(flaky) as call:
        for attempt in (1, 2):
            call.info(attempt=attempt)
            with pytest.raises(ApplicationError):
                await call.request("flaky", {})


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (lambda ctx, arguments: Happened(f"seen {arguments['amount']}"), "seen 5"),
        (lambda ctx, arguments: None, "paid 5"),
        (lambda ctx, arguments: 1 / 0, None),
    ],
)
async def test_a_probe_tells_whether_it_happened(probe: Any, expected: str | None) -> None:
    probed = tool(name="probed")(pay.fn)
    probed.probe(probe)
    async with calling(probed) as call:
        await call("probed", amount=5)
        call.effects.begun_elsewhere()
        if expected is None:
            outcome = await call.request("probed", {"amount": 5})
            assert outcome.need == "outcome"
            assert "ZeroDivisionError" in (outcome.reason or "")
        else:
            assert await call("probed", amount=5) == expected


async def rule_async(arguments: Any) -> bool:
    return arguments["amount"] > 100


def rule_text(arguments: Any) -> str:
    return "more than usual" if arguments["amount"] > 100 else ""


def rule_broken(arguments: Any) -> bool:
    raise RuntimeError("no database")


def asking(rule: Any) -> Any:
    @tool(name="spend", approval=rule)
    async def spend(amount: int) -> str:
        "Spend."
        return f"spent {amount}"

    return spend


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("always", "spend runs only with approval."),
        (lambda arguments: arguments["amount"] > 100, "spend needs approval with these arguments."),
        (rule_async, "spend needs approval with these arguments."),
        (rule_text, "more than usual"),
        (rule_broken, "The approval rule of spend failed (RuntimeError: no database)."),
    ],
)
async def test_a_person_is_asked_if_the_tool_requires_it(rule: Any, reason: str) -> None:
    async with calling(asking(rule)) as call:
        outcome = await call.request("spend", {"amount": 101})
        assert (outcome.need, outcome.reason) == ("approval", reason)
        assert outcome.result is None
        approved = await call.request("spend", {"amount": 101}, approved=True)
        assert approved.result and approved.result.content == "spent 101"
        if rule not in ("always", rule_broken):
            assert await call("spend", amount=5) == "spent 5"


async def test_arguments_are_checked_before_a_person_is_asked() -> None:
    async with calling(asking("always")) as call:
        assert (await call.refused("spend", amount="x"))[0] == "tool.invalid_arguments"


@tool(effect="read", inline=True)
async def question() -> Ask:
    "Ask."
    return Ask("Which one?")


async def test_a_question_waits_for_its_answer() -> None:
    async with calling(question) as call:
        outcome = await call.request("question", {})
    assert (outcome.need, outcome.reason, outcome.result) == ("answer", "Which one?", None)


@tool(effect="read", timeout=0.01)
async def slow() -> None:
    "Take long."
    await asyncio.Event().wait()


stopped = threading.Event()


@tool(effect="read", timeout=0.01)
def slow_thread(ctx: ToolContext[None]) -> None:
    "Take long in a thread."
    ctx.cancelled.wait(10)
    stopped.set()


@tool(timeout=0.01)
async def slow_write() -> None:
    "Take long to write."
    await asyncio.Event().wait()


async def test_a_timeout_is_described_to_the_model() -> None:
    async with calling(slow, slow_thread, slow_write) as call:
        code, message = await call.refused("slow")
        assert (code, message) == ("tool.timeout", "slow took longer than 0.01 s and was stopped.")
        assert (await call.refused("slow_thread"))[0] == "tool.timeout"
        assert await asyncio.to_thread(stopped.wait, 10)
        outcome = await call.request("slow_write", {})
        assert outcome.need == "outcome"
        assert "may have happened" in (outcome.reason or "")


@tool(effect="read")
async def patient() -> None:
    "Take long, without a timeout of its own."
    await asyncio.Event().wait()


async def test_the_tool_is_stopped_before_temporals_timeout() -> None:
    async with calling(patient) as call:
        call.info(start_to_close_timeout=timedelta(seconds=0.02))
        assert (await call.refused("patient"))[0] == "tool.timeout"


async def test_an_abort_reaches_async_tools_and_threads() -> None:
    began, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    @tool(effect="read")
    async def waits() -> None:
        "Wait."
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    @tool(effect="read")
    def waits_in_thread(ctx: ToolContext[None]) -> None:
        "Wait."
        loop.call_soon_threadsafe(began.set)
        ctx.cancelled.wait(10)
        ended.set()

    async with calling(waits, waits_in_thread) as call:
        for name in ("waits", "waits_in_thread"):
            began.clear()
            ended.clear()
            task = asyncio.create_task(call.request(name, {}))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(ended.wait, 10)


@pytest.mark.parametrize("timeout", [None, 0.01])
async def test_a_write_that_fails_because_it_was_interrupted_is_unknown(
    timeout: float | None,
) -> None:
    """If it were recorded as failed, Temporal's next attempt would repeat it."""
    began = asyncio.Event()

    @tool(timeout=timeout)
    async def sends() -> None:
        "Send."
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("connection closed") from None

    async with calling(sends) as call:
        task = asyncio.create_task(call.request("sends", {}))
        await began.wait()
        if timeout is None:
            call.env.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            assert (await task).need == "outcome"
        assert [row["state"] for row in call.effects.rows.values()] == ["begun"]


async def test_a_call_reports_its_duration() -> None:
    async with calling(look) as call:
        before = time.perf_counter()
        outcome = await call.request("look", {})
        assert outcome.ms is not None
        assert 0 < outcome.ms <= (time.perf_counter() - before) * 1000


@tool(effect="read")
def named_badly(self: int, pool: int, fn: int, args: int, tool: int, call: int) -> int:
    "Take names that the inside uses too."
    return self + pool + fn + args + tool + call


async def test_parameters_may_have_any_name() -> None:
    numbers = {"self": 1, "pool": 1, "fn": 1, "args": 1, "tool": 1, "call": 1}
    async with calling(named_badly) as call:
        outcome = await call.request("named_badly", numbers)
        assert outcome.result and outcome.result.content == "6"
    assert named_badly(**numbers) == 6
