"""A panel: a part of the web page that a capability contributes."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

ID = re.compile(r"[a-z][a-z0-9-]{0,29}")
MODULE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.m?js")
ICON = re.compile(r"[a-z][a-z0-9-]{0,49}")
MOST_TITLE = 40
PLACES = ("view", "run")
ROLES = ("viewer", "operator", "admin")


class Panel(NamedTuple):
    """A part of the web page. It stands in a tuple that the record's field `panels` names, in a
    Python module of a package; its files stand beside that module, in the same folder."""

    id: str
    """Lower-case letters, digits and hyphens, starting with a letter; 30 at most. Unique within the
    capability, and part of the panel's address."""
    title: str
    """What the navigation or the tab shows; 40 characters at most."""
    module: str
    """The file with the ES module that exports `mount(element, host)`, such as `notes.js`."""
    place: Literal["view", "run"] = "view"
    """`view`: a view of its own, with an entry in the navigation. `run`: a tab of each run."""
    icon: str = "puzzle"
    """The name of an icon that the page has; `puzzle` stands for those it does not have."""
    role: Literal["viewer", "operator", "admin"] = "viewer"
    """Who sees it: this role and those above."""


def find_panel_fault(panel: Any) -> str | None:
    """What is wrong with a panel.

    Args:
        panel: A panel, with values of any type.

    Returns:
        The field and what it must be; None if the panel is sound.
    """
    if not _matches(ID, panel.id):
        return "its id must be lower-case letters, digits and hyphens, 30 at most"
    if not (isinstance(panel.title, str) and 0 < len(panel.title.strip()) <= MOST_TITLE):
        return f"its title must have 1 to {MOST_TITLE} characters"
    if not _matches(MODULE, panel.module):
        return "its module must be the name of a .js or .mjs file beside the Python module"
    if panel.place not in PLACES:
        return "its place must be 'view' or 'run'"
    if not _matches(ICON, panel.icon):
        return "its icon must be the name of an icon, such as 'puzzle'"
    if panel.role not in ROLES:
        return "its role must be 'viewer', 'operator' or 'admin'"
    return None


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
