"""Works off jobs: python worker.py PORT RUN. RUN has the queue and the beat."""

import json
import os
import sys
import time
import tomllib
from pathlib import Path

from jobs import Queue
from prometheus_client import Counter, Gauge, Histogram, start_http_server

CONFIG = tomllib.loads((Path(__file__).parent / "config.toml").read_text())
BATCH = int(CONFIG["batch"])
PAUSE = float(CONFIG["pause_seconds"])
WORK = float(CONFIG["work_seconds"])
ATTEMPTS = int(CONFIG["attempts"])

jobs = Counter("queue_jobs", "Jobs by outcome.", ["outcome"])
seconds = Histogram("queue_job_seconds", "How long a job takes.")
waiting = Gauge("queue_waiting", "Jobs that wait.")
oldest = Gauge("queue_oldest_seconds", "How long the oldest job has waited.")
lines = Counter("queue_log_lines", "Lines that were logged.")


def log(level: str, message: str, **fields: object) -> None:
    lines.inc()
    line = {"at": time.time(), "level": level, "message": message, **fields}
    print(json.dumps(line), file=sys.stderr, flush=True)


def do(text: str, results: Path) -> None:
    """Count the words of a job, and write the answer."""
    kind, _, rest = text.partition(" ")
    if kind != "count":
        raise ValueError(f"unknown kind of job {kind!r}")
    time.sleep(WORK)
    write(results / "last", f"{len(rest.split())}\n")


def write(file: Path, text: str) -> None:
    quota = file.parent / "quota"
    if quota.exists() and len(text) > int(quota.read_text()):
        raise OSError(28, "No space left on device", str(file))
    # Both processes write it.
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(text)
    new.replace(file)


def work(queue: Queue, run: Path) -> None:
    """Take some jobs and do them."""
    for id, text, attempts in queue.take(BATCH):
        try:
            with seconds.time():
                do(text, run / "results")
        except Exception as error:
            jobs.labels("failed").inc()
            log("error", f"the job failed: {error}", job=id, attempts=attempts)
            (queue.put_aside if attempts >= ATTEMPTS else queue.give_back)(id)
        else:
            jobs.labels("done").inc()
            queue.finish(id)


def main() -> None:
    port, run = int(sys.argv[1]), Path(sys.argv[2])
    (run / "results").mkdir(parents=True, exist_ok=True)
    queue = Queue(run / "queue.db")
    start_http_server(port, "127.0.0.1")
    log("info", "started", batch=BATCH)
    while True:
        count, age = queue.measure()
        waiting.set(count)
        oldest.set(age)
        (run / f"beat-{port}").write_text(str(time.time()))
        work(queue, run)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
