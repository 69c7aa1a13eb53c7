"""Find the comparison of a PromQL expression, such as `rate(errors[5m]) > 0.1`. Pure.

Only the outermost operator matters, so this reads brackets, strings and comments, and leaves the
rest to Prometheus, which is asked anyway. The one parser that comes as a wheel, promql-parser
0.12, ends the process with a segmentation fault on 20,000 brackets, and takes more than a minute
for a sum of 9,000 terms. Of the 139 alerts of kube-prometheus it reads all alike but one, which
compares twice.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple, cast

from harness.care.invariants.invariant import Operator

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|\#[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `[^`]*`)
  | (?P<torn>["'`])
  | (?P<open>[(\[{]) | (?P<close>[)\]}])
  | (?P<compare>==|!=|<=|>=|<|>)
  | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:.]*)
  | (?P<other>[0-9.][0-9a-zA-Z_.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"[-+]?\s*(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)", re.IGNORECASE)
_COMMENT = re.compile(r"\#[^\n]*")
_SET_OPERATORS = ("and", "or", "unless")
_FLIPPED: dict[Operator, Operator] = {
    "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip
_NEGATED: dict[Operator, Operator] = {
    "<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==",
}  # fmt: skip


class Comparison(NamedTuple):
    """A query that is compared with a number."""

    query: str
    operator: Operator
    number: float

    def negate(self) -> Comparison:
        """What holds for every series if this returns none."""
        return self._replace(operator=_NEGATED[self.operator])


def find_comparison(expression: str, *, most_brackets: int = 20) -> Comparison | None:
    """The outermost comparison with a number; None if the expression is something else."""
    text = expression.strip()
    found = list[tuple[int, int, Operator]]()
    depth, opened, is_whole = 0, -1, False
    end = len(text)
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            opened = token.start() if depth == 0 else opened
            depth += 1
        elif kind == "close":
            depth -= 1
            is_whole = opened == 0 and token.end() == end and text[0] == "("
        elif depth == 0 and kind == "word" and token[0].lower() in (*_SET_OPERATORS, "bool"):
            return None
        elif depth == 0 and kind == "compare":
            found.append((token.start(), token.end(), cast("Operator", token[0])))
        if depth < 0 or kind == "torn":
            return None
    if not found and is_whole and most_brackets > 0:
        return find_comparison(text[1:-1], most_brackets=most_brackets - 1)
    if len(found) != 1:
        return None
    start, stop, operator = found[0]
    return _read(text[:start].strip(), operator, text[stop:].strip())


def _read(left: str, operator: Operator, right: str) -> Comparison | None:
    number = _read_number(right)
    if number is not None and left and _read_number(left) is None:
        return Comparison(left, operator, number)
    number = _read_number(left)
    if number is not None and right and _read_number(right) is None:
        return Comparison(right, _FLIPPED[operator], number)
    return None


def _read_number(text: str) -> float | None:
    bare = _COMMENT.sub("", text).strip()
    if _NUMBER.fullmatch(bare) is None:
        return None
    plain = "".join(bare.split()).lower()
    number = float(int(plain, 16)) if "0x" in plain and len(plain) < 40 else _to_float(plain)
    return number if math.isfinite(number) else None


def _to_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
