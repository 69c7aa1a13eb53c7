"""Make what a request or an answer says fit to be stored: without secrets, and bounded. Pure.

A text is cut before it is searched for secrets, since 10 MB take a second. It is searched a little
beyond the cut: otherwise half of a secret at the cut would not be recognized, and stay.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

from pydantic import BaseModel

from harness.commons.redact import redact_data

SLACK = 16_384
"""How far beyond the cut secrets are searched: longer ones do not occur."""
MOST_KEY = 200
MOST_DEPTH = 40
DIGEST_CHARACTERS = 16


class Shortener:
    """Masks and shortens values until `left` characters are used up. One text may take `each` of
    them, so that a huge one leaves room for others."""

    def __init__(self, most: int, each: int | None = None) -> None:
        self.left = most
        self._each = most if each is None else each

    def shorten(self, value: Any, key: str = "", depth: int = 0) -> Any:
        """Return `value` with secrets masked; texts beyond the limit end with a note."""
        if isinstance(value, str):
            return self._shorten_text(value, key)
        self.left -= 1
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return value if abs(value) < 2**63 else self._shorten_text(hex(value), key)
        if depth >= MOST_DEPTH:
            return "[nested too deeply]"
        if isinstance(value, BaseModel):  # `model_dump` fails for what is nested deeply
            fields = {name: each for name, each in value if each is not None}
            return self._shorten_object(fields, depth)
        if isinstance(value, dict):
            return self._shorten_object(cast("dict[Any, Any]", value), depth)
        if isinstance(value, list | tuple):
            return self._shorten_list(cast("list[Any]", value), key, depth)
        return self._shorten_text(str(value), key)

    def _shorten_object(self, data: dict[Any, Any], depth: int) -> dict[str, Any]:
        short = dict[str, Any]()
        picture = data.get("type") == "image" and isinstance(data.get("data"), str)
        for name, inner in data.items():
            if self.left <= 0:
                short["..."] = f"[{len(data) - len(short):,} more]"
                break
            label = self._shorten_text(str(name), most=MOST_KEY)
            if picture and name == "data":
                short[label] = _describe_text(inner)
            else:
                short[label] = self.shorten(inner, str(name), depth + 1)
        return short

    def _shorten_list(self, items: list[Any], key: str, depth: int) -> list[Any]:
        short = list[Any]()
        for item in items:
            if self.left <= 0:
                short.append(f"[{len(items) - len(short):,} more]")
                break
            short.append(self.shorten(item, key, depth + 1))
        return short

    def _shorten_text(self, text: str, key: str = "", most: int | None = None) -> str:
        most = min(self._each if most is None else most, self.left)
        if most <= 0:
            return _describe_text(text) if text else text
        window = text[: most + SLACK]
        masked = str(redact_data(window, key))
        if len(window) == len(text) and len(masked) <= most:
            self.left -= len(masked) + 1
            return clean(masked)
        # What a secret at the end of the window leaves unmasked lies in its last characters.
        end = most if len(window) == len(text) else min(most, max(0, len(masked) - SLACK))
        self.left -= end + 1
        return f"{clean(masked[:end])}… {_describe_text(text)}"


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON in UTF-8 cannot hold."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _describe_text(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(data).hexdigest()[:DIGEST_CHARACTERS]
    return f"[{len(text):,} characters in all, sha256 {digest}]"
