"""A model server that enforces a limit of requests and tokens per minute, and counts.

It has a sliding window: a call is refused with 429 if it and all calls of the minute before exceed
the limit. Calls take 0.3 to 2 s, and their tokens depend on the length of the prompt.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.model_server import Connection, answer

WINDOW_S = 60.0


@dataclass
class Meter:
    """What the provider counts. Times are those of the event loop."""

    requests: int
    """Allowed in a minute."""
    tokens: int
    """Allowed in a minute, of input and output together."""
    accepted: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    refused: int = 0
    most_requests: int = 0
    """In any minute, with the calls that were refused."""
    most_tokens: int = 0
    window: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    used: int = 0

    def admit(self, tokens: int) -> float | None:
        """Count a call; returns how long to wait if it is refused."""
        now = time.monotonic()
        while self.window and self.window[0][0] <= now - WINDOW_S:
            self.used -= self.window.popleft()[1]
        self.most_requests = max(self.most_requests, len(self.window) + 1)
        self.most_tokens = max(self.most_tokens, self.used + tokens)
        if len(self.window) >= self.requests or self.used + tokens > self.tokens:
            self.refused += 1
            return max(0.1, self.window[0][0] + WINDOW_S - now) if self.window else 1.0
        self.window.append((now, tokens))
        self.accepted.append((now, tokens))
        self.used += tokens
        return None

    def measure_use(self) -> tuple[float, float]:
        """The mean share of the limits that was used in a minute, over all minutes that begin in
        the time of the measurement: of requests and of tokens."""
        times = [at for at, _ in self.accepted]
        first, last = times[0] + WINDOW_S, times[-1]
        points = [first + (last - first) * n / 500 for n in range(501)]
        requests = tokens = 0
        for point in points:
            inside = [used for at, used in self.accepted if point - WINDOW_S < at <= point]
            requests += len(inside)
            tokens += sum(inside)
        share = len(points)
        return requests / share / self.requests, tokens / share / self.tokens


class _Metered(Connection):
    def __init__(self, meter: Meter, chance: random.Random) -> None:
        self._meter, self._chance = meter, chance

    def respond(self, path: bytes, body: bytes) -> None:
        prompt, written = len(body) // 4 + self._chance.randint(0, 40), self._chance.randint(10, 90)
        wait = self._meter.admit(prompt + written)
        if wait is not None:
            error = {"error": {"message": "Rate limit reached.", "code": "rate_limit_exceeded"}}
            self._send(429, b"application/json", json.dumps(error).encode(), wait)
            return
        kind, content = answer(path, body)
        counts = (
            (b"prompt", 100, prompt),
            (b"completion", 20, written),
            (b"total", 120, prompt + written),
        )
        for name, before, after in counts:
            content = content.replace(b'"%b_tokens":%d' % (name, before),
                                      b'"%b_tokens":%d' % (name, after))  # fmt: skip
        loop = asyncio.get_running_loop()
        loop.call_later(self._chance.uniform(0.3, 2.0), self._send, 200, kind, content)

    def _send(self, status: int, kind: bytes, content: bytes, wait: float | None = None) -> None:
        if self.transport.is_closing():
            return
        again = b"" if wait is None else b"retry-after: %.3f\r\n" % wait
        self.transport.write(
            b"HTTP/1.1 %d -\r\ncontent-type: %b\r\n%bcontent-length: %d\r\n\r\n%b"
            % (status, kind, again, len(content), content)
        )


@asynccontextmanager
async def metered_server(meter: Meter) -> AsyncGenerator[str]:
    """The address of a server that enforces the limits of a meter."""
    chance = random.Random(1)
    loop = asyncio.get_running_loop()

    def connect() -> Any:
        return _Metered(meter, chance)

    server = await loop.create_server(connect, "127.0.0.1", 0, backlog=1024)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
