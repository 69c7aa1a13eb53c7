"""Texts made comparable: one spelling for letters that look alike, hidden ones removed, encoded
pieces decoded. Pure; linear in the text."""

from __future__ import annotations

import base64
import re
import unicodedata
from binascii import Error
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import unquote

MOST = 200_000
"""Characters that are compared; what follows vouches for nothing."""
KEPT = 8_000_000
"""Characters that a process keeps prepared."""
BEFORE, AFTER = 300, 1_500
"""How far around text that gives orders a value belongs to it."""

_LOOKALIKES = str.maketrans(
    "асеіјорѕухԁһӏԛԝαεικνορτυχβгмтнк",
    "aceijopsyxdhlqwaeiknoptuxbrmthk",
)
_SPACE = re.compile(r"\s+")
_SEPARATORS = re.compile(r"[\W_]+")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,4000}={0,2}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ORDERS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (words, re.compile(pattern))
    for words, pattern in (
        (
            ("ignore", "disregard", "forget", "override"),
            r"\b(?:ignore|disregard|forget|override) (?:all|any|your|the) "
            r"(?:previous|prior|above|earlier)\b"
            r"|\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}"
            r"\b(?:previous|prior|above|all|earlier|your)\b[^.\n]{0,40}"
            r"\b(?:instruction|prompt|message|task|rule|guideline)",
        ),
        (
            ("<",),
            r"<\s?/?\s?(?:information|system|instructions?|important|assistant|user|admin)\s?/?>",
        ),
        (
            ("important", "urgent"),
            r"\b(?:important|urgent)\b.{0,12}\b(?:message|instruction|notice)s?\b.{0,80}"
            r"\b(?:to|for) (?:you|the)\b",
        ),
        (
            ("before you ",),
            r"\bbefore you (?:can |may )?(?:solve|do|answer|complete|continue|proceed|start)\b",
        ),
        (
            ("system", "assistant", "agent", "developer"),
            r"\b(?:system|assistant|agent|developer)\s?(?:prompt|message|note|override)?\s?:"
            r"|\bsystem[_ ](?:message|prompt)\b",
        ),
        (
            ("new task", "new instruction", "new objective"),
            r"\bnew (?:task|instructions?|objective)\b",
        ),
        (
            ("you must", "you should", "you need to", "you have to", "you are required"),
            r"\byou (?:must|should|need to|have to|are required to)\b.{0,30}"
            r"\b(?:first|now|instead|strictly|also|immediately)\b",
        ),
        (
            (" user",),
            r"\b(?:do not|don't|never|without) (?:tell|mention|inform|notify|ask|alert)\w{0,3}"
            r"\b.{0,24}\buser\b",
        ),
        (
            (" model", " assistant", "ai agent", "as an ai"),
            r"\b(?:ai|language) (?:model|assistant)\b|\bai agents?\b|\bas an ai\b",
        ),
        (
            ("instead",),
            r"\binstead,? (?:please )?(?:do|send|execute|call|use|transfer|forward|reply)\b",
        ),
        (
            ("the following", "follow these"),
            r"\bdo the following\b|\bfollowing instruction|\bfollow these (?:steps|instructions)\b",
        ),
    )
)
"""Words that a text needs for a pattern to be worth trying, and the pattern."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text made comparable."""

    plain: str
    squeezed: str
    """Without spaces and punctuation, for values that were taken apart."""
    orders: tuple[tuple[int, int], ...]
    """Where `plain` gives the model orders."""


def plain_text(text: str) -> str:
    """Return one spelling for texts that read the same."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        if any(unicodedata.category(each) in ("Cf", "Mn") for each in set(text)):
            text = "".join(each for each in text if unicodedata.category(each) not in ("Cf", "Mn"))
        return _SPACE.sub(" ", text.casefold().translate(_LOOKALIKES)).strip()
    return _SPACE.sub(" ", text.casefold()).strip()


def squeeze(plain: str) -> str:
    """Drop everything between letters and digits."""
    return _SEPARATORS.sub("", plain)


def prepare(text: str) -> Prepared:
    """Prepare a text for comparing."""
    text = text[:MOST]
    plain = plain_text(text + _decoded(text))
    return Prepared(plain, squeeze(plain), _find_orders(plain))


def _find_orders(plain: str) -> tuple[tuple[int, int], ...]:
    """Find the stretches around what gives a model orders."""
    spots = [
        match.span()
        for words, pattern in _ORDERS
        if any(word in plain for word in words)
        for match in pattern.finditer(plain)
    ]
    merged: list[tuple[int, int]] = []
    for begin, stop in sorted(spots):
        start, end = max(0, begin - BEFORE), stop + AFTER
        if merged and start <= merged[-1][1]:
            start, before = merged.pop()
            end = max(end, before)
        merged.append((start, end))
    return tuple(merged)


def _decoded(text: str) -> str:
    """Decode pieces in base64, hex or percent-encoding."""
    found: list[str] = []
    for match in _ENCODED.finditer(text):
        piece = match[0]
        if piece.isalpha() and (piece.islower() or piece.isupper() or piece.istitle()):
            continue  # a word
        for decode in (_from_base64, bytes.fromhex):
            try:
                made = decode(piece).decode()
            except (ValueError, Error):
                continue
            if made.isprintable():
                found.append(made)
    if _PERCENT.search(text):
        found.append(unquote(text))
    return "".join(f"\n{each}" for each in found)


def _from_base64(piece: str) -> bytes:
    body = piece.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)


class PreparedTexts:
    """The texts of recent turns, each prepared once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Prepared] = OrderedDict()
        self._size = 0

    def get(self, text: str) -> Prepared:
        """Return the text, prepared."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = prepare(text)
            self._size += len(text)
            while self._size > KEPT and len(self._known) > 1:
                self._size -= len(self._known.popitem(last=False)[0])
        else:
            self._known.move_to_end(text)
        return known
