"""`python -m harness.stack.download FOLDER`: fetch the SDK's development server, print its path.

The SDK can only start it, so it is started once and stopped: its own start leaves the server
running when the parent is killed, which the supervisor's does not.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path


async def download(folder: Path) -> Path:
    if not _executables(folder):
        from temporalio.testing import WorkflowEnvironment

        environment = await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
            download_dest_dir=str(folder)
        )
        await environment.shutdown()
    return _executables(folder)[0]


def _executables(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path for path in sorted(folder.iterdir()) if path.is_file() and os.access(path, os.X_OK)
    ]


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(download(Path(sys.argv[1])))}\n")
    sys.stdout.flush()
    os._exit(0)  # the SDK's runtime can abort at interpreter exit
