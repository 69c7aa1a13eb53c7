"""All tests and checks with one summary: `python -m tests.run [layer ...] [pytest's arguments]`.

Without arguments: the checks, then every layer without the tests that are marked `slow` or
`campaign`. With the names of layers (`check` is one): only those. `all`: the checks and all tests.
`slow` or `campaign`: only the tests with that mark. `coverage`: all tests but the campaigns under
coverage, with its gate.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import check
from tests.fakes import warm_python

ROOT = check.ROOT
TESTS = ROOT / "tests"
LAYERS = ["prevalidation", "unit", "replay", "conformance", "integration", "browser", "e2e"]
MARKS = ["slow", "campaign"]
ALL = "all"
COVERAGE = "coverage"
NO_TESTS = 5
INTERRUPTED = 130
HANGS = 300  # seconds after which a test is given up
PYTHON = sys.executable


def main(arguments: list[str]) -> int:
    words = {*LAYERS, *MARKS, "check", ALL, COVERAGE}
    chosen = [name for name in arguments if name in words]
    passed_on = [argument for argument in arguments if argument not in chosen]
    layers = [name for name in LAYERS if name in chosen] or ([] if chosen == ["check"] else LAYERS)
    marks = [name for name in MARKS if name in chosen]
    coverage = COVERAGE in chosen
    whole = not chosen or ALL in chosen
    if ALL not in chosen:
        skipped = "not campaign" if coverage else "not slow and not campaign"
        passed_on += ["-m", " or ".join(marks) or skipped]
    failed: list[str] = []
    start = time.monotonic()
    checking = whole or "check" in chosen
    scratches = tempfile.TemporaryDirectory(prefix="harness-tests-")
    with scratches as scratch, _checks(checking) as passed:
        if layers:
            failed += _test(layers, passed_on, Path(scratch), coverage=coverage)
        if coverage and not _covered(Path(scratch)):
            failed.append("coverage")
        if not passed():
            failed.append("checks")
    if not chosen:
        print("\nnot run: slow tests and campaigns (make test-all)")
    verdict = f"FAIL: {', '.join(failed)}" if failed else "all passed"
    print(f"\n{verdict} ({time.monotonic() - start:.0f} s)")
    return 1 if failed else 0


@contextlib.contextmanager
def _checks(wanted: bool) -> Iterator[Callable[[], bool]]:
    """The checks, beside the tests: they use one core for most of their time. The function waits
    for them, prints what they found, and returns whether they passed."""
    if not wanted:
        yield lambda: True
        return
    command = [PYTHON, "-m", "tests.check"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:

        def passed() -> bool:
            print(f"\n{process.communicate()[0].strip()}")
            return process.returncode == 0

        try:
            yield passed
        finally:
            process.terminate()


def _test(layers: list[str], arguments: list[str], scratch: Path, *, coverage: bool) -> list[str]:
    """Run the layers in one session, so that they share one engine and one database."""
    report = scratch / "report.xml"
    command = [PYTHON, "-m", *(["coverage", "run", "-m"] if coverage else []), "pytest"]
    # Work is taken over from a slow process test by test: one crash test may take as long as
    # a whole file of others.
    command += ["-q", "-n", str(_workers()), "--dist", "worksteal", f"--junitxml={report}"]
    # A test that hangs shows where, and does not hold up the others for ever.
    command += ["-o", f"faulthandler_timeout={HANGS}", "-o", "faulthandler_exit_on_timeout=true"]
    # What takes seconds comes first, so that no worker waits for another at the end.
    slowest_first = [layer for layer in reversed(layers) if any((TESTS / layer).rglob("*.py"))]
    command += [f"tests/{layer}" for layer in slowest_first]
    with contextlib.ExitStack() as stack:
        env = {**os.environ}
        # Each process has a Temporal: they share the cores, and have memory to spare.
        env |= {"GOMAXPROCS": "1", "GOGC": "400"}
        if coverage:
            env["COVERAGE_FILE"] = str(scratch / "coverage")
        elif sys.platform == "linux" and {"integration", "e2e"}.intersection(layers):
            env[warm_python.SHARED] = stack.enter_context(warm_python.serving())
        code = _run([*command, *arguments], env)
    if not report.exists():
        return ["tests"]
    return _summary(report, layers) or (["tests"] if code not in (0, NO_TESTS) else [])


def _workers() -> int:
    """One a core, and two more: many tests wait for a process or a timer."""
    return (os.cpu_count() or 1) + 2


def _summary(report: Path, layers: list[str]) -> list[str]:
    """Print a line per layer; the layers that failed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        # The class name is the dotted path of the file: tests.<layer>.<file>
        names = (case.get("classname") or "").split(".")
        layer = next((name for name in names if name in LAYERS), "other")
        outcome = next((child.tag for child in case), "passed")
        outcome = outcome if outcome in ("failure", "error", "skipped") else "passed"
        counts[layer][outcome] += 1
        seconds[layer] += float(case.get("time") or 0)
    print()
    failed: list[str] = []
    for layer in [*layers, *(counts.keys() - set(layers))]:
        count = counts[layer]
        bad = count["failure"] + count["error"]
        told = [f"{count['passed']} passed"]
        told += [f"{bad} failed"] if bad else []
        told += [f"{count['skipped']} skipped"] if count["skipped"] else []
        print(f"{'FAIL' if bad else 'ok  '} {layer}: {', '.join(told)} ({seconds[layer]:.1f} s)")
        failed += [layer] if bad else []
    return failed


def _covered(scratch: Path) -> bool:
    """Print the lines that no test reaches; whether enough are reached."""
    env = {**os.environ, "COVERAGE_FILE": str(scratch / "coverage")}
    if _run([PYTHON, "-m", "coverage", "combine", "--quiet"], env) != 0:
        return False
    report = ["report", "--skip-covered", "--skip-empty", "--show-missing"]
    return _run([PYTHON, "-m", "coverage", *report], env) == 0


def _run(command: list[str], env: dict[str, str]) -> int:
    """Run to the end; a Ctrl-C reaches the child too, which gets the time to clean up."""
    with subprocess.Popen(command, cwd=ROOT, env=env) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.wait()
            raise


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
