"""What one evaluation of many invariants costs a worker: CPU time and elapsed time.

Each invariant has a query of its own. A small server in another process answers like Prometheus;
Postgres is real. Reading the invariants, asking, judging and saving the states are all included.
CPU time is that of the worker alone; elapsed time depends on what else the machine does.

    python -m bench.care [--subjects 50] [--each 100] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import tempfile
from collections import Counter
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from time import perf_counter, process_time

from harness import Harness
from harness.care.invariants.evaluate import evaluate
from harness.care.invariants.invariant import Invariant
from harness.care.settings import CareSettings
from harness.care.store import CareStore, make_unmarked
from harness.care.subjects.subject import Subject
from harness.config.settings import settings_model

BODY = (
    b'{"status":"success","data":{"resultType":"vector","result":'
    b'[{"metric":{"job":"api","instance":"127.0.0.1:8001"},"value":[1700000000.123,"0.25"]}]}}'
)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


class _Server(asyncio.Protocol):
    """Answers each request with the same vector."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._buffer) < end + 4 + size:
                return
            self._buffer = self._buffer[end + 4 + size :]
            self._transport.write(ANSWER)


def _serve(pipe: Pipe) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
        pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await server.serve_forever()

    asyncio.run(serve())


def make_subject(number: int, each: int) -> Subject:
    invariants = [
        Invariant(
            name=f"i{place}",
            query=f'sum(rate(http_errors_total{{service="s{number}", route="r{place}"}}[5m]))',
            operator="<",
            threshold=1,
        )
        for place in range(each)
    ]
    return Subject(name=f"s{number}", invariant=tuple(invariants))  # pyright: ignore[reportCallIssue]


async def measure(url: str, subjects: int, each: int, rounds: int) -> None:
    """Evaluate them some times, and print what each cost."""
    settings = CareSettings.model_validate({"metrics": {"url": url}})
    with tempfile.TemporaryDirectory() as folder:
        opening = Harness.local(project=Path(folder), settings=settings_model()())
        async with opening as harness:
            store = CareStore(harness.connection.database)
            for number in range(subjects):
                await store.add_subject(
                    make_unmarked(make_subject(number, each), folder, "", "bench")
                )
            for number in range(rounds):
                cpu, began = process_time(), perf_counter()
                watched = await store.list_watched()
                found = await evaluate(settings, watched)
                await store.save_judgements(found, number)
                spent, passed = process_time() - cpu, perf_counter() - began
                states = dict(Counter(judged.state for _, judged in found))
                print(f"{len(found):,} invariants: {spent:.1f} s CPU, {passed:.1f} s; {states}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=50)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    server.start()
    try:
        asyncio.run(measure(ours.recv(), args.subjects, args.each, args.rounds))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
