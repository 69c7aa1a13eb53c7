"""Make text of models, tools, servers and files safe to show. Pure.

Nothing is removed: characters that are invisible, move the cursor, reverse the text or forge a
line are shown as their code point (`<U+202E>`). Everything that reaches a terminal, a log
line, a page or a Markdown card goes through one of these functions.
"""

from __future__ import annotations

import re
from html import escape

# Emoji are the one place where joiners and selectors belong: a family, a heart in red, a keycap.
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2100-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but no newline and no tab
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, marks, fillers
    "\u200b\u200c\u200e\u200f"  # zero-width, directions
    "\u2028-\u202e"  # separators of lines and paragraphs, directions
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff"  # half a character: cannot be written as UTF-8
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSAFE = re.compile(
    f"[{_HIDDEN}]|(?<![{_EMOJI}])\ufe0f(?!\u20e3)|(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])"
)
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|!~&$])")


def clean_text(text: str) -> str:
    """Make `text` safe to show; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_show_code_point, text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """Make `text` safe to show on one line: a newline is shown as `\\n`."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_show_code_point, text.translate(_BREAKS))


def clean_markdown(text: str) -> str:
    """Escape `text` to one line that Markdown shows literally, in tables too."""
    return _MARKDOWN.sub(r"\\\1", clean_line(text))


def quote_markdown(text: str) -> str:
    """Quote `text` in Markdown, which shows it literally."""
    return "\n".join(f"> {clean_markdown(line)}  " for line in text.split("\n"))


def code_markdown(text: str) -> str:
    """Show one line literally as code in Markdown."""
    return clean_markdown(text) if "`" in text else f"`{clean_line(text)}`"


def clean_html(text: str) -> str:
    """Escape `text` for the body or a quoted attribute of a page."""
    return escape(clean_text(text))


def clip_text(text: str, most: int) -> str:
    """Cut `text` after `most` characters, and say how many are left out."""
    left = len(text) - most
    return text if left <= 0 else f"{text[:most]}… ({left:,} more characters)"


def _show_code_point(found: re.Match[str]) -> str:
    return f"<U+{ord(found[0]):04X}>"
