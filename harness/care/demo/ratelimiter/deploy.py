"""Deploy a release of this service on this machine: python deploy.py [--back | --restart].

Each release is a folder with the files of one commit; `current` names the one that runs. Deploying
a release again, or taking one back that does not run, changes nothing.
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


def main() -> int:
    (RUN / "releases").mkdir(parents=True, exist_ok=True)
    release = os.environ.get("HARNESS_RELEASE") or f"manual-{int(time.time())}"
    if "--restart" in sys.argv:
        start(read("current"))
        return 0
    if "--back" in sys.argv:
        before = read(f"releases/{release}/before")
        if read("current") == release and before:
            activate(before)
        return 0
    folder = RUN / "releases" / release
    if not folder.exists():
        unpack(folder, os.environ.get("HARNESS_COMMIT") or "HEAD")
        (folder / "before").write_text(read("current"))
    if read("current") != release:
        activate(release)
    return 0


def unpack(folder: Path, commit: str) -> None:
    fresh = folder.with_name(f"{folder.name}.new")
    fresh.mkdir(exist_ok=True)
    archive = subprocess.run(
        ["git", "archive", commit, "."], cwd=HERE, check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(fresh)], input=archive, check=True)
    fresh.rename(folder)


def activate(release: str) -> None:
    start(release)
    new = RUN / "current.new"
    new.write_text(release)
    new.replace(RUN / "current")


def start(release: str) -> None:
    stop()
    with (RUN / "service.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "service.py", read("port") or "8001"],
            cwd=RUN / "releases" / release, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, "RATELIMITER_STATE": str(RUN / "state")},
        )  # fmt: skip
    (RUN / "pid").write_text(str(process.pid))


def stop() -> None:
    pid = read("pid")
    if not pid:
        return
    with suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGTERM)
    for _ in range(100):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGKILL)


def read(name: str) -> str:
    try:
        return (RUN / name).read_text().strip()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
