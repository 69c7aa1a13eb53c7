"""A rate limiter over HTTP: GET /check?key=NAME answers 200 or 429."""

import json
import os
import sys
import time
import tomllib
from pathlib import Path

import uvicorn
from bucket import Bucket
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

CONFIG = tomllib.loads((Path(__file__).parent / "config.toml").read_text())
CAPACITY = float(CONFIG["capacity"])
REFILL = float(CONFIG["refill_per_second"])
STATE = Path(os.environ.get("RATELIMITER_STATE", "/nonexistent"))
"""What the world does to the service: a slow store, for example."""
MOST_HELD_BYTES = 600_000_000
"""A leak that nobody mends must not take the machine's memory."""

requests = Counter("ratelimiter_requests", "Requests by outcome.", ["outcome"])
latency = Histogram("ratelimiter_seconds", "How long a request takes.")
store_seconds = Histogram("ratelimiter_store_seconds", "How long the store takes.")
held_bytes = Gauge("ratelimiter_held_bytes", "Memory that is held for keys.")
lines = Counter("ratelimiter_log_lines", "Lines that were logged.")
app = FastAPI()
buckets: dict[str, Bucket] = {}
held: list[bytes] = []


def log(level: str, message: str, **fields: object) -> None:
    lines.inc()
    line = {"at": time.time(), "level": level, "message": message, **fields}
    print(json.dumps(line), file=sys.stderr, flush=True)


def read_state(name: str) -> float:
    """How much of a fault there is; 0 if it does not exist."""
    try:
        return float((STATE / name).read_text())
    except (OSError, ValueError):
        return 0.0


@app.get("/check")
def check(key: str) -> Response:
    with latency.time():
        try:
            return _check(key)
        except Exception as error:
            requests.labels("error").inc()
            log("error", f"the request failed: {error}", key=key)
            return Response(status_code=500)


def _check(key: str) -> Response:
    with store_seconds.time():
        time.sleep(read_state("slow_store"))
    leak = int(read_state("leak"))
    if not leak:
        held.clear()
    elif len(held) * leak < MOST_HELD_BYTES:
        held.append(b"x" * leak)  # zeros would need no memory
    held_bytes.set(len(held) * leak)
    bucket = buckets.setdefault(key, Bucket(CAPACITY, REFILL))
    if bucket.take():
        requests.labels("allowed").inc()
        return Response(status_code=200)
    requests.labels("rejected").inc()
    log("warning", "rejected", key=key, capacity=CAPACITY)
    return Response(status_code=429)


@app.get("/health")
def health() -> Response:
    return Response(status_code=200)


@app.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


if __name__ == "__main__":
    log("info", "started", capacity=CAPACITY, refill_per_second=REFILL)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
