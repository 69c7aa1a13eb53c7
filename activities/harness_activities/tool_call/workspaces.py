"""The folders in which runs may work: the worker decides, not the run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from harness.contracts.errors import WorkspaceRefused


class Workspaces:
    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = {folder.resolve() for folder in folders}

    @classmethod
    def of_project(cls, project: Path, configured: Iterable[Path]) -> Workspaces:
        """Serve the configured folders, or else the project's folder. A root or home folder is
        served only if it is configured."""
        named = [project / folder.expanduser() for folder in configured]
        own = project.resolve()
        too_wide = own in (Path(own.anchor), Path.home().resolve())
        return cls(named or ([] if too_wide else [own]))

    def allow_folder(self, folder: Path) -> None:
        """Allow a folder that the owner of this process named."""
        self._folders.add(folder.resolve())

    async def check_folder(self, root: str) -> None:
        """Refuse a folder that is not, after resolving links, one of them or inside one."""
        real = await asyncio.to_thread(Path(root).resolve)
        if any(real.is_relative_to(folder) for folder in self._folders):
            return
        served = ", ".join(sorted(map(str, self._folders))) or "no folder"
        leads = "" if str(real) == root else f", which is {real}"
        raise WorkspaceRefused(
            f"The run works in {root}{leads}. This worker serves {served}.",
            fix=f"Allow it: harness worker --workspace {real}, or worker.workspaces.",
        )
