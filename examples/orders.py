"""Orders: a worker that is killed (kill -9) in the middle of its work orders nothing twice.

The shop is a local HTTP server that knows an order again by its idempotency key. It kills the
worker itself: before it books, after it has booked and before it answers, and after its answer.
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


@tool(on_unknown="retry")  # the shop knows the key, so asking it again does no harm
def order(ctx: ToolContext[str], item: str) -> str:
    """Order an item at the shop."""
    headers = {"Idempotency-Key": ctx.idempotency_key, "Worker": str(os.getpid())}
    with urlopen(Request(ctx.deps, item.encode(), headers)) as answer:
        return answer.read().decode()


def agent(shop: str) -> Agent[str, str]:
    return Agent("clerk", tools=[order], deps=shop)


class Shop(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Counterman)
        self.booked: dict[str, str] = {}  # what, by its key
        self.asked: Counter[str] = Counter()
        self.to_kill = {"tea": "before booking", "coffee": "after booking", "cake": "after answer"}

    def kill(self, item: str, when: str, worker: int) -> bool:
        if self.to_kill.get(item) != when:
            return False
        del self.to_kill[item]
        os.kill(worker, signal.SIGKILL)
        print(f"{item}: worker killed {when}", flush=True)
        return True


class Counterman(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        item = self.rfile.read(int(self.headers["Content-Length"])).decode()
        key, worker = self.headers["Idempotency-Key"], int(self.headers["Worker"])
        shop = self.server
        assert isinstance(shop, Shop)
        shop.asked[item] += 1
        if shop.kill(item, "before booking", worker):
            return
        print(f"{item}: {'booked' if key not in shop.booked else 'known already'}", flush=True)
        shop.booked[key] = item
        if shop.kill(item, "after booking", worker):
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"ordered {item}".encode())
        shop.kill(item, "after answer", worker)

    def log_message(self, format: str, *args: object) -> None:
        pass


async def keep_a_worker(shop: str) -> None:
    """What systemd or Kubernetes does elsewhere: where a worker dies, start another one."""
    while True:
        worker = await asyncio.create_subprocess_exec(sys.executable, __file__, shop)
        try:
            await worker.wait()
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()


async def work(shop: str) -> None:
    async with Harness.local() as harness:
        await harness.serve(agent(shop))
        await asyncio.Event().wait()


async def main() -> None:
    shop = Shop()
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{shop.server_port}/"
    # This process keeps the stack; its workers are others.
    async with Harness.local(), Harness.connect() as harness:
        keeper = asyncio.create_task(keep_a_worker(address))
        run = await harness.start(agent(address), PROMPT)
        await run.result()
        for effect in await run.effects():
            print(f"ledger: {effect.arguments['item']} is {effect.state}")
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
    for item, times in Counter(shop.booked.values()).items():
        print(f"{item}: ordered {times} time, asked for {shop.asked[item]} times")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]) if len(sys.argv) > 1 else main())
