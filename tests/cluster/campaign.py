"""Runs over HTTP on a cluster, with kills in the middle; what must hold is compared at the end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.api import ApiClient
from harness.history import reader
from tests.cluster.agent import AGENT
from tests.cluster.ground import Ground, Say, open_ground
from tests.fakes.steps import Step, call, say
from tests.streams.reader import BROKEN, PAUSE_S, Reader

KILLS = (
    "harness-worker-1",
    "harness-daemon-2",
    "history-1",
    "harness-daemon-1",
    "matching",
    "harness-worker-2",
    "frontend",
)
"""In this order, as the runs proceed."""
CALLS = 5
"""Model calls of a run."""
INSERT = "INSERT INTO shop.orders (run, item) VALUES ($1, 'tea')"
BOUND_S = 480.0


@dataclass
class Result:
    runs: int
    kills: list[str] = field(default_factory=list[str])
    events: int = 0
    breaks: int = 0
    approved: int = 0
    undone: int = 0
    problems: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, killed: {', '.join(self.kills)}; {self.events:,} events read, "
            f"{self.breaks} reconnects, {self.approved} approved, {self.undone} undone, "
            f"{len(self.problems)} problems ({self.seconds:.0f} s)"
        )


async def run_campaign(runs: int, tell: Say) -> Result:
    result, began = Result(runs), time.monotonic()
    async with open_ground(tell) as ground, asyncio.timeout(BOUND_S):
        ground.model.always(answer)
        first, second = ground.apis
        names = [await persist(first, second, start(n)) for n in range(runs)]
        tell(f"{runs} runs started on daemon 1; each is followed on daemon 2 and on daemon 1")
        daemons = ((second, first), (first, second))
        readers = [Reader(one, name, other) for name in names for one, other in daemons]
        async with asyncio.TaskGroup() as group:
            approving = group.create_task(approve_all(ground, result))
            reading = [group.create_task(each.read()) for each in readers]
            await kill_in_turn(ground, result, tell)
            await asyncio.wait(reading)
            approving.cancel()
        tell("all runs have ended; comparing what readers have with history")
        for name in names:
            await compare(ground, name, readers, result)
        await undo_every_second(ground, names, result, tell)
        check_orders(ground, names, result)
    result.events = sum(len(each.events) for each in readers)
    result.breaks = sum(each.breaks for each in readers)
    result.seconds = time.monotonic() - began
    return result


def answer(body: dict[str, Any]) -> Step:
    """Look twice, order, look again, report."""
    done = sum(item.get("type") == "function_call_output" for item in body["input"])
    if done == 2:
        return call("sql_execute", statement=INSERT, params=[read_name(body)])
    if done < CALLS - 1:
        return call("look", place=str(done))
    return say("One two three four five.", pieces=5, delay=0.1)


def read_name(body: dict[str, Any]) -> str:
    text = json.dumps(body["input"])
    return text[text.index("order-") :].split()[0].strip('."\\')


Act = Callable[[ApiClient], Any]


def start(number: int) -> Act:
    name = f"order-{number}"
    return lambda api: api.start(AGENT, f"Order tea for {name} .", id=name)


def post(path: str, body: dict[str, Any]) -> Act:
    async def act(api: ApiClient) -> Any:
        async with api.connection() as connection:
            return json.loads(await connection.post(path, body))

    return act


async def persist(one: ApiClient, other: ApiClient, act: Act) -> Any:
    """Ask one daemon, then the other, until one answers. Every request here may be repeated."""
    while True:
        try:
            return await act(one)
        except BROKEN:
            one, other = other, one
            await asyncio.sleep(PAUSE_S)


async def approve_all(ground: Ground, result: Result) -> None:
    """A person who looks at the inbox of daemon 2 and approves what waits there."""
    second, first = reversed(ground.apis)
    decided: set[str] = set()

    async def list_waiting(api: ApiClient) -> Any:
        async with api.connection() as connection:
            return json.loads(await connection.get("/api/v1/approvals?limit=200"))

    while True:
        found = await persist(second, first, list_waiting)
        for each in found["waiting"]:
            for item in each["pending"]:
                if item["id"] not in decided:
                    body = {"verdict": "approve", "item": item["id"]}
                    await decide(ground, each["run"], body)
                    decided.add(item["id"])
        result.approved = len(decided)
        await asyncio.sleep(PAUSE_S)


async def decide(ground: Ground, run: str, body: dict[str, Any]) -> None:
    """A decision whose answer was lost is refused when it is sent again: it was taken."""
    second, first = reversed(ground.apis)
    for api in (second, first) * 20:
        try:
            await post(f"/api/v1/runs/{run}/decide", body)(api)
        except BROKEN as error:
            if str(error).startswith(("404", "409")):
                return
            await asyncio.sleep(PAUSE_S)
        else:
            return


async def kill_in_turn(ground: Ground, result: Result, tell: Say) -> None:
    """Spread over the model calls of all runs, so that each kill finds runs in all states."""
    whole = result.runs * CALLS
    for number, name in enumerate(KILLS, start=1):
        due = whole * number // (len(KILLS) + 1)
        await ground.model.wait_for(lambda due=due: len(ground.model.calls) >= due, BOUND_S)
        await ground.replace(name)
        result.kills.append(name)
        tell(f"killed {name} after {len(ground.model.calls)} of {whole} model calls")


async def compare(ground: Ground, name: str, readers: list[Reader], result: Result) -> None:
    whole = [
        (str(event.cursor), json.loads(event.wire()))
        async for event in reader.read_events(ground.connection, name, wait=False)
    ]
    last = whole[-1][1]
    if last.get("status", last.get("state")) != "completed":
        result.problems.append(f"{name} ended as {last}")
    for each in readers:
        if each.run == name:
            result.problems += each.problems(whole)


async def undo_every_second(ground: Ground, names: list[str], result: Result, tell: Say) -> None:
    """On daemon 2, with a worker killed in between."""
    first, second = ground.apis
    chosen = names[::2]
    tell(f"undoing {len(chosen)} runs on daemon 2")
    for number, name in enumerate(chosen):
        if number == len(chosen) // 2:
            await ground.replace("harness-worker-1")
            result.kills.append("harness-worker-1")
        await persist(second, first, post(f"/api/v1/runs/{name}/undo", {}))
        result.undone += 1


def check_orders(ground: Ground, names: list[str], result: Result) -> None:
    """One order of each run that was not undone, and no other."""
    rows = ground.postgres.execute("SELECT run FROM shop.orders ORDER BY run", "harness")
    found, expected = [row[0] for row in rows], sorted(names[1::2])
    if found != expected:
        result.problems.append(f"orders of {found}, not of {expected}")
