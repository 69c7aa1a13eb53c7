"""Extract the text of a web page, without what only a browser needs."""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser

_SKIPPED = {"script", "style", "noscript", "template", "svg", "head"}
_BLOCKS = {
    "p", "div", "section", "article", "header", "footer", "main", "nav", "aside", "ul", "ol", "li",
    "table", "tr", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "form",
}  # fmt: skip

_CHARSET = re.compile(
    r"utf-8|ascii|utf-(16|32)(-[lb]e)?|iso8859-\d+|cp\d+|mac-\w+|koi8-\w|big5\w*|gb\w+|hz|euc_\w+"
    r"|shift_jis\w*|iso2022_\w+|johab|tis-620|viscii|ptcp154|kz1048"
)
"""Python's names of the character sets that servers use; its other codecs are not character sets,
and some are slow (punycode)."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._skipping = 0
        self._in_title = False

    def handle_starttag(
        self,
        tag: str,
        attrs: list[tuple[str, str | None]],  # noqa: ARG002 - the base's name
    ) -> None:
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag == "body":
            self._skipping = 0  # a head without an end tag
        elif tag == "title":
            self._in_title = True
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag == "title":
            self._in_title = False
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._skipping:
            self.parts.append(data)


def read_page(content: bytes, *, charset: str | None, is_html: bool) -> bytes:
    """Return the text as UTF-8; for a page, without its markup."""
    text = content.decode(_find_codec(charset), errors="replace")
    return (page_text(text) if is_html else text).encode(errors="replace")


def _find_codec(charset: str | None) -> str:
    try:
        name = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):  # ValueError: a NUL in it
        return "utf-8"
    return name if _CHARSET.fullmatch(name) else "utf-8"


def page_text(html: str) -> str:
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError as error:  # the standard library's parser refuses a declaration like this
        raise ValueError(f"The page is not valid HTML: {error}.") from None
    text = re.sub(r"[ \t\r\f\v\xa0]+", " ", "".join(reader.parts))
    lines = (line.strip() for line in text.split("\n"))
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    title = " ".join("".join(reader.title).split())
    return f"{title}\n\n{body}" if title else body
