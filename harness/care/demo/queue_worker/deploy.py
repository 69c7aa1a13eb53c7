"""Deploy a release of the worker on this machine: python deploy.py [--back | --restart].

There are two processes. At HARNESS_STAGE=50 only the first one runs the new release. `.run/slot-0`
and `.run/slot-1` name the releases that run; deploying one again, or taking one back that does not
run, changes nothing.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = HERE / ".run"
SLOTS = (0, 1)


def main() -> None:
    (RUN / "releases").mkdir(parents=True, exist_ok=True)
    release = os.environ.get("HARNESS_RELEASE") or f"manual-{time.time_ns()}"
    if "--restart" in sys.argv:
        for slot in SLOTS:
            start(slot, read(f"slot-{slot}"))
        return
    if "--back" in sys.argv:
        for slot in SLOTS:
            before = read(f"releases/{release}/before-{slot}")
            if read(f"slot-{slot}") == release and before:
                activate(slot, before)
        return
    folder = RUN / "releases" / release
    if not folder.exists():
        unpack(folder, os.environ.get("HARNESS_COMMIT") or "HEAD")
    share = int(os.environ.get("HARNESS_STAGE", "100"))
    for slot in SLOTS[: max(1, len(SLOTS) * share // 100)]:
        if read(f"slot-{slot}") != release:
            activate(slot, release)


def unpack(folder: Path, commit: str) -> None:
    fresh = folder.with_name(f"{folder.name}.new")
    fresh.mkdir(exist_ok=True)
    archive = subprocess.run(
        ["git", "archive", commit, "."], cwd=HERE, check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(fresh)], input=archive, check=True)
    for slot in SLOTS:
        (fresh / f"before-{slot}").write_text(read(f"slot-{slot}"))
    fresh.rename(folder)


def activate(slot: int, release: str) -> None:
    start(slot, release)
    new = RUN / f"slot-{slot}.new"
    new.write_text(release)
    new.replace(RUN / f"slot-{slot}")


def start(slot: int, release: str) -> None:
    stop(slot)
    port = (read("ports").split() or ["8002", "8003"])[slot]
    (RUN / f"beat-{port}").unlink(missing_ok=True)
    with (RUN / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "worker.py", port, str(RUN)],
            cwd=RUN / "releases" / release, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    (RUN / f"pid-{slot}").write_text(str(process.pid))


def stop(slot: int) -> None:
    pid = read(f"pid-{slot}")
    if not pid:
        return
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(int(pid), kind)
        for _ in range(40):
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def read(name: str) -> str:
    try:
        return (RUN / name).read_text().strip()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
