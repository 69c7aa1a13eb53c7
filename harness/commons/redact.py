"""Remove secrets from text before it is logged, traced or shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

MASK = "***"
SHORTEST = 4
"""Shorter values are not masked: they occur in too many texts."""

# Group 1 is the secret, or else the whole match. Every repetition is bounded or starts at a
# literal, so the time is linear even for 10 MB.
_PATTERNS = [
    # A truncated private key is masked to the end of the text.
    re.compile(
        r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----"
        r"(?:.*?-----END [A-Z ]{0,32}PRIVATE KEY-----|.*)",
        re.DOTALL,
    ),
    re.compile(r"://[^\s/:@]{0,256}:([^\s/]{1,512})@"),
    re.compile(
        r"(?<![A-Za-z0-9])"
        r"(?:sk|pk|rk|gsk|hf|ghp|gho|ghs|ghu|github_pat|glpat|xox[abeprs]|whsec|xai|pplx|hn[bcs])"
        r"[-_][A-Za-z0-9_-]{12,512}"
    ),
    re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,64}"),
    re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,8192}\.[A-Za-z0-9_-]*"),
    re.compile(r"\bbearer\s{1,4}(?=[^\s\d]{0,64}\d)([A-Za-z0-9._~+/=-]{8,4096})", re.IGNORECASE),
    re.compile(
        r"\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:[a-z]{2,16}\s{1,4})?([^\s\"',;]{4,4096})",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:api[_-]?key|secret(?:[_-]?(?:access[_-]?)?key)?|passw(?:or)?d|client[_-]?secret|"
        r"(?:access|refresh|id|auth|api|session)[_-]?token)"
        r"[\"']?\s{0,4}[:=]\s{0,4}[\"']?([^\s\"',;&]{4,4096})",
        re.IGNORECASE,
    ),
    # curl -u user:password; no numbers alone, such as docker run -u 1000:1000
    re.compile(
        r"(?<![\w-])(?:-u|-[A-Za-z]{0,8}u[\s=]{1,4}|--(?:proxy-)?user[\s=]{1,4})[\s=]{0,4}[\"']?"
        r"[^\s:\"']{1,256}:(?!\d{1,10}(?!\S))([^\s\"']{4,512})"
    ),
    re.compile(
        r"\bcookie[\"']?\s{0,4}:\s{0,4}[\"']?([^\s\"'=;,]{1,256}=[^\r\n\"']{1,4096})",
        re.IGNORECASE,
    ),
    re.compile(
        r"[?&](?:x-(?:amz|goog)-(?:signature|security-token)|sig(?:nature)?|key)="
        r"([^\s\"'<>&#]{4,4096})",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)|"
        r"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks)/([\w/-]{4,512})"
    ),
    re.compile(
        r"(?<![A-Za-z0-9])(?:x-(?:[a-z0-9-]{1,32}-)?(?:key|token|secret)|"
        r"(?:access|account|subscription|shared|storage|master|signing|encryption)[_-]?key)"
        r"[\"']?\s{0,4}[:=]\s{0,4}[\"']?([^\s\"',;&]{4,4096})",
        re.IGNORECASE,
    ),
]
_SECRET_KEY = re.compile(
    r"(?:api[_-]?key|secret|passw(?:or)?d|authorization|cookie|credential|private[_-]?key|"
    r"(?:^|[_-])(?:token|sig)|^x-[a-z0-9-]{1,64}-key|"
    r"(?:access|account|subscription|shared|storage|master|signing|encryption)[_-]?key)$",
    re.IGNORECASE,
)
_URL_PASSWORD = _PATTERNS[1]
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"
    r"(?![A-Za-z0-9-])"
)
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")

_known: set[str] = set()
_personal: dict[str, re.Pattern[str]] = {}
"""What is masked besides secrets, by kind: see `mask_kinds`."""


class Found(NamedTuple):
    """A value in a text, and its kind."""

    start: int
    end: int
    kind: str


def register_secrets(secrets: Iterable[str]) -> None:
    """Register secret values of this process, to be masked wherever they appear."""
    for secret in secrets:
        _known.add(secret)
        for match in _URL_PASSWORD.finditer(secret):
            _known.update((match[1], unquote(match[1])))


def forget_secrets(secrets: Iterable[str]) -> None:
    """Stop masking values that are of no use any more, such as tokens that were replaced long
    ago: each costs time in every text."""
    _known.difference_update(secrets)


def mask_kinds(kinds: Collection[str], patterns: Mapping[str, re.Pattern[str]]) -> None:
    """Choose what this process masks besides secrets: the kinds `email` and `card`, and patterns
    that match linearly."""
    chosen = {"email": _EMAIL, "card": _CARD}
    _personal.clear()
    _personal.update({kind: chosen[kind] for kind in kinds if kind in chosen}, **patterns)


def find_values(
    text: str, kinds: Collection[str], patterns: Mapping[str, re.Pattern[str]]
) -> list[Found]:
    """Find values of these kinds (`secret`, `email`, `card`) and patterns, without overlaps."""
    found = [
        Found(start, end, "secret")
        for start, end in _merge_spans(_find_spans(text, _known) if "secret" in kinds else ())
    ]
    named = {"email": _EMAIL, "card": _CARD}
    chosen = {kind: named[kind] for kind in kinds if kind in named}
    for kind, pattern in (*patterns.items(), *chosen.items()):
        found += (Found(*span, kind) for span in _match_personal(text, kind, pattern))
    ordered: list[Found] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if not ordered or each.start >= ordered[-1].end:
            ordered.append(each)
    return ordered


def _match_personal(text: str, kind: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        if match[0] and (kind != "card" or _is_card(match[0])):
            yield match.span()


def _is_card(number: str) -> bool:
    """Whether the check digit of a card number fits (Luhn)."""
    digits = [int(each) for each in reversed(number) if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[1::2]]
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask the registered secrets, `secrets`, and whatever looks like a secret in `text`."""
    parts: list[str] = []
    at = 0
    for start, end in _merge_spans(_find_spans(text, {*_known, *secrets})):
        parts += (text[at:start], MASK)
        at = end
    return "".join((*parts, text[at:]))


def redact_data(value: Any, key: str = "") -> Any:
    """The same for a structure; a value under a key such as `password` is masked completely."""
    if isinstance(value, str):
        return MASK if value and _SECRET_KEY.search(key) else redact(value)
    if isinstance(value, dict):
        data = cast("dict[Any, Any]", value)
        return {name: redact_data(inner, str(name)) for name, inner in data.items()}
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        return [redact_data(inner, key) for inner in items]
    if isinstance(value, bytes):
        return redact_data(value.decode("utf-8", "replace"), key)
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def _find_spans(text: str, known: set[str]) -> Iterator[tuple[int, int]]:
    for secret in known:
        if len(secret) >= SHORTEST:
            at = text.find(secret)
            while at >= 0:
                yield at, at + len(secret)
                at = text.find(secret, at + 1)
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield match.span(1 if pattern.groups else 0)
    for kind, pattern in _personal.items():
        yield from _match_personal(text, kind, pattern)


def _merge_spans(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Merge overlapping and adjacent spans: half a secret beside a mask is a leak."""
    current: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if current and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current:
            yield current
        current = start, end
    if current:
        yield current
