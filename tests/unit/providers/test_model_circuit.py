"""A provider that keeps failing is left alone for a while."""

from __future__ import annotations

import asyncio

import pytest

from harness.contracts.errors import (
    ModelRefused,
    ProviderBadRequest,
    ProviderError,
    ProviderOverloaded,
    ProviderQuotaExceeded,
    ProviderServerError,
    ProviderTimeout,
    ProviderUnreachable,
    RateLimited,
)
from harness.providers.circuit import FAILURES, REST_SECONDS, Circuit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> Circuit:
    circuit = Circuit("p", clock)
    for _ in range(FAILURES):
        circuit.begin_call()
        circuit.record_failure(ProviderServerError("x"))
    return circuit


def is_open(circuit: Circuit) -> bool:
    try:
        circuit.begin_call()
    except ProviderError as error:
        assert error.code == "provider.circuit_open"
        assert error.retryable
        assert error.retry_after is not None and error.retry_after >= 1
        return True
    return False


def test_opens_after_failures_in_a_row() -> None:
    circuit = Circuit("p", Clock())
    for _ in range(FAILURES - 1):
        circuit.record_failure(ProviderOverloaded("x"))
    assert not is_open(circuit)
    circuit.record_success()
    circuit.record_failure(ProviderUnreachable("x"))
    assert not is_open(circuit)
    assert is_open(broken(Clock()))


def test_one_call_probes_after_the_rest() -> None:
    clock = Clock()
    circuit = broken(clock)
    clock.now = REST_SECONDS + 0.1
    assert not is_open(circuit)
    assert is_open(circuit), "one probe at a time"
    circuit.record_failure(ProviderTimeout("x"))
    circuit.leave(True)
    assert is_open(circuit), "the probe failed: it rests again"
    clock.now *= 3
    assert not is_open(circuit)
    circuit.record_success()
    circuit.leave(True)
    assert not is_open(circuit)
    assert not is_open(circuit)


def test_a_cancelled_probe_leaves_room_for_the_next() -> None:
    clock = Clock()
    circuit = broken(clock)
    clock.now = REST_SECONDS + 0.1
    circuit.leave(circuit.begin_call())
    assert not is_open(circuit)


def test_calls_from_before_do_not_end_a_probe() -> None:
    """They may end at any time, and nothing else may be called meanwhile."""
    clock = Clock()
    circuit = broken(clock)
    clock.now = REST_SECONDS + 0.1
    assert circuit.begin_call()
    circuit.leave(False)  # a call that was cancelled
    assert is_open(circuit)
    circuit.record_failure(ProviderServerError("late"))
    circuit.leave(False)
    clock.now *= 3
    assert is_open(circuit), "the probe has not ended"
    circuit.leave(True)
    assert not is_open(circuit)


@pytest.mark.parametrize(
    "kind",
    [ProviderBadRequest, RateLimited, ModelRefused, ProviderQuotaExceeded],
)
def test_who_answers_is_up(kind: type[ProviderError]) -> None:
    circuit = Circuit("p", Clock())
    for _ in range(FAILURES * 2):
        circuit.record_failure(kind("x"))
    assert not is_open(circuit)


@pytest.mark.parametrize("works", [True, False])
async def test_those_who_wait_learn_from_the_probe(works: bool) -> None:
    clock = Clock()
    circuit = broken(clock)
    clock.now = REST_SECONDS + 0.1
    await circuit.wait_to_enter()
    waiting = [asyncio.create_task(circuit.wait_to_enter()) for _ in range(3)]
    await asyncio.sleep(0)
    if works:
        circuit.record_success()
        circuit.leave(True)
        await asyncio.gather(*waiting)
        return
    circuit.record_failure(ProviderUnreachable("connection refused by p"))
    circuit.leave(True)
    for each in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(each, ProviderError)
        assert each.code == "provider.circuit_open"
        assert "connection refused by p" in each.message
