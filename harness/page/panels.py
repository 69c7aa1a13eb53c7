"""The panels of enabled capabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from harness.api.caller import Caller, Role
from harness.capabilities.checks import PANELS
from harness.capabilities.inspect import find_panel_folder
from harness.capabilities.registry import enabled_capabilities, load_part
from harness.contracts.capability import Capability
from harness.contracts.errors import RouteNotFound
from harness.contracts.panel import Panel
from harness.page.panel_files import PanelFile, read_panel_file


class PanelView(BaseModel):
    """A part of the page that a capability contributes."""

    id: str
    """`CAPABILITY/PANEL`."""
    title: str
    place: Literal["view", "run"]
    """A view of its own, or a tab of each run."""
    icon: str
    module: str
    """The address of its ES module, below `/api/v1`."""


class PanelList(BaseModel):
    """The panels that the caller sees."""

    panels: list[PanelView]


def list_panels(caller: Caller) -> PanelList:
    """List the panels of enabled capabilities that the caller's role may see."""
    return PanelList(
        panels=[
            PanelView(
                id=f"{record.name}/{panel.id}",
                title=panel.title.strip(),
                place=panel.place,
                icon=panel.icon,
                module=f"/panels/{record.name}/{panel.module}",
            )
            for record, panel in _find_panels(caller)
        ]
    )


def find_file(caller: Caller, capability: str, name: str) -> PanelFile:
    """Read a file of a capability whose panels the caller sees.

    Raises:
        RouteNotFound: There is no such file, or it may not be served.
    """
    record = next((found for found, _ in _find_panels(caller) if found.name == capability), None)
    if record and record.panels:
        found = read_panel_file(find_panel_folder(record.panels), name)
        if found is not None:
            return found
    raise RouteNotFound(f"The panels of {capability[:100]!r} have no file {name[:100]!r}.")


def _find_panels(caller: Caller) -> Iterator[tuple[Capability, Panel]]:
    for record in enabled_capabilities():
        panels: tuple[Panel, ...] = (
            load_part(record, record.panels, PANELS) or () if record.panels else ()
        )
        for panel in panels:
            if caller.role.covers(Role(panel.role)):
                yield record, panel
