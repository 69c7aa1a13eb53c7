"""Take from Markdown and HTML what loads, or leads to, an address that the model composed. Pure.

What an answer's text becomes depends on who renders it, and no two renderers agree where code, a
tag or a link ends. So nothing here tries to: whatever may begin a tag with attributes, an image or
a link to somewhere else is broken by a space, unless it matches the short list of what is
harmless. Each pattern is possessive or stops where the next match may begin: the time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

LONG_PATH = 60
"""Characters of an address after its host from which on it may carry data."""
MOST_KNOWN = 100
"""Addresses of an answer that are looked for in the conversation, which may be long."""

_URL = r"[^\s<>()]++(?:\([^\s<>()]*+\))?+[^\s<>()]*+"
_LINK = re.compile(
    rf"(!?)\[([^\[\]]{{0,1000}}+)\]\(\s*+<?+((?:(?:https?|ftp):)?//{_URL})>?+"
    r"(?:\s++(?:\"[^\"]{0,500}+\"|'[^']{0,500}+'))?+\s*+\)",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"^([ ]{0,3}\[[^\[\]]{1,200}+\]:\s*+)<?+((?:(?:https?|ftp):)?//[^\s<>]++)>?+",
    re.IGNORECASE | re.MULTILINE,
)
_AUTOLINK = re.compile(
    r"<?((?:(?:https?|ftp)://|(?<![\w./@-])www\.)[^\s<>\[\]\"'`]++)>?+", re.IGNORECASE
)
_TAIL = ").,;:!?*_~"
"""What ends a sentence, not its address."""

_IMAGE = re.compile(r"!\[(?![^\[\]\n]{0,300}+\]\((?!//)[\w./\-]{1,300}+\))")
"""An image, but for files beside the page: `![chart](out/chart.png)`."""
_TARGET = re.compile(r"\](?=[(:])")
_BEFORE = r"[(:][\s>]*+(<)?+"
"""A target may stand on the next line of a quotation."""
_LOCAL = re.compile(
    _BEFORE + r"(?:[)>#?:]|\Z|/(?!\s*+[/\\&])|(?![a-z][a-z0-9+.\-]*+:)[^\s&\\/?#()<>:]++"
    r"(?(1)(?=[/?#()>:]|\Z)|(?=[\s/?#()<>:]|\Z)))",
    re.IGNORECASE,
)
"""A target without a scheme and a host, however a browser reads it: it drops tabs, takes `\\` for
`/`, and needs no slashes after `https:`; Markdown decodes `&#47;` and `\\/`."""
_ABSOLUTE = re.compile(
    _BEFORE + rf"(mailto:[\w.+@-]++|https?://{_URL})(?(1)>|(?=[\s)]|\Z))", re.IGNORECASE
)

_TAG = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_PLAIN = re.compile(r"</?+([a-z][^\s/<>=]{0,100}+)[^<>=]{0,300}+(?:>|\Z)|</>", re.IGNORECASE)
"""A tag without a value: it loads nothing, and is as likely `List<String>` or `a < b`."""
_AUTO = re.compile(r"<(?:https?://[^\s<>()=\"']++|mailto:[\w.+@-]++)>", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*+:(?!:)", re.IGNORECASE)
_TEXT_INSIDE = frozenset({
    "iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "template",
    "textarea", "title", "xmp",
})  # fmt: skip
"""Elements that load what their content says, or hide it."""


class Markup:
    """Cleans one text, and notes what was removed."""

    def __init__(self, is_known: Callable[[str], bool], removed: dict[str, None]) -> None:
        self._is_known = is_known
        self._removed = removed
        self._known: dict[str, bool] = {}

    def clean(self, text: str) -> str:
        """The text without what loads or leads to an address that could carry data."""
        if not any(mark in text for mark in ("<", "](", "]:", "//", "www.", "WWW.")):
            return text
        text = _LINK.sub(self._replace_link, text)
        text = _DEFINITION.sub(self._replace_definition, text)
        text = _AUTOLINK.sub(self._replace_address, text)
        # From here on spaces are put in, and nothing is taken out that could join two halves.
        if "](" in text or "]:" in text:
            text = _IMAGE.sub(lambda _: self._drop("images", "! ["), text)
            text = _TARGET.sub(self._break_target, text)
        return _TAG.sub(self._break_tag, text)

    def _drop(self, kind: str, put: str) -> str:
        self._removed[kind] = None
        return put

    def _replace_link(self, match: re.Match[str]) -> str:
        image, label, url = match[1], match[2], match[3]
        if image:
            return self._drop("images", f"[image of {_host(url)} removed: {label}]")
        if self._is_harmless(url):
            return match[0]
        return self._drop("links", f"{label} [link to {_host(url)} removed]")

    def _replace_definition(self, match: re.Match[str]) -> str:
        if self._is_harmless(match[2]):
            return match[0]
        return self._drop("links", f"{match[1]}[link to {_host(match[2])} removed]")

    def _replace_address(self, match: re.Match[str]) -> str:
        url = match[1].rstrip(_TAIL)
        if self._is_harmless(url):
            return match[0]
        whole = url if "://" in url[:8] else f"https://{url}"
        tail = match[1][len(url) :]
        return self._drop("links", f"[link to {_host(whole)} removed]{tail}")

    def _break_target(self, match: re.Match[str]) -> str:
        at = match.end()
        if _LOCAL.match(match.string, at):
            return match[0]
        found = _ABSOLUTE.match(match.string, at)
        if found and (found[2][:7].lower() == "mailto:" or self._is_harmless(found[2])):
            return match[0]
        return self._drop("links", "] ")

    def _break_tag(self, match: re.Match[str]) -> str:
        found = _PLAIN.match(match.string, match.start())
        name = found and (found[1] or "").lower()
        if name is not None and name not in _TEXT_INSIDE and not _SCHEME.match(name):
            return "<"
        return "<" if _AUTO.match(match.string, match.start()) else self._drop("HTML", "< ")

    def _is_harmless(self, url: str) -> bool:
        return "\\" not in url and is_harmless(url, self._look_up)

    def _look_up(self, url: str) -> bool:
        if url not in self._known:
            self._known[url] = len(self._known) < MOST_KNOWN and self._is_known(url)
        return self._known[url]


def is_harmless(url: str, is_known: Callable[[str], bool]) -> bool:
    """Whether an address cannot carry what the model read: the conversation holds it, or it has no
    query and only a short path."""
    whole = url if "//" in url[:8] else f"https://{url}"
    try:
        parts = urlsplit(whole)
    except ValueError:
        return False
    host = parts.hostname or ""
    labels = max((len(each) for each in host.split(".")), default=0)
    short = len(parts.path) + len(parts.fragment) <= LONG_PATH and labels <= 30
    plain = not parts.query and "@" not in parts.netloc and host.count(".") <= 4
    return (short and plain) or is_known(url)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "an address")[:100]
    except ValueError:
        return "an address"
