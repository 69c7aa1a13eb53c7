"""Send requests to the rate limiter: python -m harness.care.demo.traffic --rps 20 --duration 60."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter

KEYS = 10
BURST_EVERY_S = 20.0
BURST_S = 2.0


async def send_traffic(
    url: str, *, rps: float, duration: float | None, burst: float = 1.0, seed: int = 1
) -> Counter[str]:
    """Send requests at an average rate; every 20 s, for 2 s, `burst` times as many. Returns how
    often each status was answered; without `duration`, it goes on until cancelled."""
    import httpx2

    chance, counts = random.Random(seed), Counter[str]()
    began = time.monotonic()
    open_requests = set[asyncio.Task[None]]()
    limits = httpx2.Limits(max_connections=100)
    async with httpx2.AsyncClient(timeout=5, trust_env=False, limits=limits) as client:

        async def send(key: str) -> None:
            try:
                reply = await client.get(f"{url}/check", params={"key": key})
                counts[str(reply.status_code)] += 1
            except httpx2.HTTPError:
                counts["no answer"] += 1

        while duration is None or time.monotonic() - began < duration:
            in_burst = (time.monotonic() - began) % BURST_EVERY_S < BURST_S
            rate = rps * (burst if in_burst else 1.0)
            await asyncio.sleep(chance.expovariate(rate))
            if len(open_requests) < 200:  # a service that hangs is not buried
                task = asyncio.ensure_future(send(f"key-{chance.randrange(KEYS)}"))
                open_requests.add(task)
                task.add_done_callback(open_requests.discard)
        if open_requests:
            await asyncio.wait(open_requests)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulate_traffic", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8001", help="of the rate limiter")
    parser.add_argument("--rps", type=float, default=20, help="requests a second (20)")
    parser.add_argument("--duration", type=float, help="seconds; without it, until Ctrl-C")
    parser.add_argument("--burst", type=float, default=1.0, help="how many times as many in bursts")
    asked = parser.parse_args()
    sending = send_traffic(asked.url, rps=asked.rps, duration=asked.duration, burst=asked.burst)
    counts = asyncio.run(sending)
    print(", ".join(f"{status}: {count}" for status, count in sorted(counts.items())) or "nothing")


if __name__ == "__main__":
    main()
