"""Orders: nothing is ordered twice although the worker is killed (kill -9) during its calls.

The shop is a local HTTP server that recognizes a repeated order by its idempotency key. It kills
the worker before booking an order, between booking and answering, and after answering.
"""

import asyncio
import os
import signal
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

from harness import Agent, Harness, ToolContext, tool

PROMPT = """
Call order with {"item": "tea"}
Call order with {"item": "coffee"}
Call order with {"item": "cake"}
"""


@tool(on_unknown="retry")  # the shop recognizes the key, so a repetition is harmless
def order(ctx: ToolContext[str], item: str) -> str:
    """Order an item from the shop."""
    headers = {"Idempotency-Key": ctx.idempotency_key, "Worker": str(os.getpid())}
    with urlopen(Request(ctx.deps, item.encode(), headers)) as answer:
        return answer.read().decode()


def make_agent(shop: str) -> Agent[str, str]:
    return Agent("clerk", tools=[order], deps=shop)


class Shop(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OrderHandler)
        self.booked: dict[str, str] = {}  # items, by idempotency key
        self.requests: Counter[str] = Counter()
        self.kills = {"tea": "before booking", "coffee": "after booking", "cake": "after answer"}

    def kill_worker(self, item: str, when: str, worker: int) -> bool:
        if self.kills.get(item) != when:
            return False
        del self.kills[item]
        os.kill(worker, signal.SIGKILL)
        print(f"{item}: worker killed {when}", flush=True)
        return True


class OrderHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        item = self.rfile.read(int(self.headers["Content-Length"])).decode()
        key, worker = self.headers["Idempotency-Key"], int(self.headers["Worker"])
        shop = self.server
        assert isinstance(shop, Shop)
        shop.requests[item] += 1
        if shop.kill_worker(item, "before booking", worker):
            return
        print(f"{item}: {'booked' if key not in shop.booked else 'already booked'}", flush=True)
        shop.booked[key] = item
        if shop.kill_worker(item, "after booking", worker):
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"ordered {item}".encode())
        shop.kill_worker(item, "after answer", worker)

    def log_message(self, format: str, *args: object) -> None:
        pass


async def keep_worker_running(shop: str) -> None:
    """Start another worker when one dies, as systemd or Kubernetes would."""
    while True:
        worker = await asyncio.create_subprocess_exec(sys.executable, __file__, shop)
        try:
            await worker.wait()
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()


async def serve_orders(shop: str) -> None:
    async with Harness.local() as harness:
        await harness.serve(make_agent(shop))
        await asyncio.Event().wait()


async def main() -> None:
    shop = Shop()
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{shop.server_port}/"
    # This process keeps the stack running; the workers are separate processes.
    async with Harness.local(), Harness.connect() as harness:
        keeper = asyncio.create_task(keep_worker_running(address))
        run = await harness.start(make_agent(address), PROMPT)
        await run.result()
        for effect in await run.effects():
            print(f"ledger: {effect.arguments['item']} is {effect.state}")
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
    for item, times in Counter(shop.booked.values()).items():
        print(f"{item}: ordered {times} time, requested {shop.requests[item]} times")


if __name__ == "__main__":
    asyncio.run(serve_orders(sys.argv[1]) if len(sys.argv) > 1 else main())
