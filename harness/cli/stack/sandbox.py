"""Check for `harness doctor` whether this host can hold a sandbox."""

from __future__ import annotations

import asyncio
import tempfile

from harness.contracts.errors import HarnessError, SandboxUnavailable
from harness.stack import Check

NAME = "sandbox"
SECONDS = 10.0


async def check_sandbox() -> Check:
    """Run a command in a sandbox. It is optional: a host without one is not broken."""
    from harness.tools.sandbox.availability import find_bubblewrap, landlock_version
    from harness.tools.sandbox.direct import run_in_sandbox

    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="harness-doctor-")
    try:
        bubblewrap = find_bubblewrap()
        ran = await run_in_sandbox("exit 0", folder.name, seconds=SECONDS)
    except SandboxUnavailable as error:
        detail = f"run_shell and run_python refuse to run: {error.message}"
        return Check(name=NAME, ok=True, note=True, detail=detail, fix=error.fix)
    except HarnessError as error:
        return Check(name=NAME, ok=False, detail=error.message, fix=error.fix)
    finally:
        await asyncio.to_thread(folder.cleanup)
    if ran.code != 0:
        why = ran.limit or f"exit code {ran.code}"
        return Check(name=NAME, ok=False, detail=f"a test command failed: {why} {ran.output}")
    version = landlock_version()
    behind = f"Landlock {version}" if version > 0 else "no Landlock behind it"
    return Check(name=NAME, ok=True, detail=f"{bubblewrap}, {behind}")
