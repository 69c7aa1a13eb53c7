"""Where another app mounts the API."""

from __future__ import annotations

from starlette.types import Scope


def root_of(scope: Scope) -> str:
    """The prefix under which another app mounts this one; empty for none."""
    return scope.get("root_path", "")


def path_below_mount(scope: Scope) -> str:
    """The path of a request without that prefix."""
    root, path = root_of(scope), scope["path"]
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path
