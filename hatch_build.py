"""Puts the built page into the wheel, below the package that serves it.

The page is built in `web/dist`. Without it, or with one of other sources, there is no wheel and no
sdist; an editable install serves what is in `web/dist`, whenever it is there.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = "harness_daemon/page/files"


class PageHook(BuildHookInterface[Any]):
    """Hatch's hook, which it runs before it builds anything."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Refuse to build without the page, or add it."""
        if version == "editable":
            return
        web = Path(self.root) / "web"
        if not _load_build(web).is_built(web):
            # Not a class of its own: installers show the traceback of anything else.
            raise SystemExit(
                "The built web page is missing from web/dist or older than its sources: "
                "run `make setup`."
            )
        if self.target_name == "wheel":
            build_data["force_include"][str(web / "dist")] = INSIDE


def _load_build(web: Path) -> ModuleType:
    """`web/build.py`; the folder is not a package."""
    spec = importlib.util.spec_from_file_location("web_build", web / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
