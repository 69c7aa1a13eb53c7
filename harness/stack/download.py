"""`python -m harness.stack.download FOLDER`: download the SDK's development server, print its path.

The SDK downloads it only by starting it, so it is started once and stopped. The supervisor starts
it differently: the SDK would leave the server running when its parent is killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path


async def download_server(folder: Path) -> Path:
    if not _find_executables(folder):
        from temporalio.testing import WorkflowEnvironment

        environment = await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
            download_dest_dir=str(folder)
        )
        await environment.shutdown()
    return _find_executables(folder)[0]


def _find_executables(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path for path in sorted(folder.iterdir()) if path.is_file() and os.access(path, os.X_OK)
    ]


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(download_server(Path(sys.argv[1])))}\n")
    sys.stdout.flush()
    os._exit(0)  # the SDK's runtime can abort at interpreter exit
