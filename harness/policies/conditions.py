"""Conditions on one value of a call's arguments. Pure, and bounded in time.

A condition holds, does not hold, or cannot tell (None): a rule that denies or asks then applies,
one that allows does not.
"""

from __future__ import annotations

import json
import posixpath
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

MAX_PATTERN = 1_000
MAX_CHOICES = 1_000
LONGEST_NUMBER = 100

Text = Annotated[str, StringConstraints(max_length=MAX_PATTERN)]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[
    tuple[Text, ...], BeforeValidator(_as_tuple), Field(min_length=1, max_length=MAX_CHOICES)
]
"""One text or several, of which one has to fit."""


class Condition(BaseModel):
    """What a value has to be like. All that is given has to hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    equals: Any = None
    """Exactly this JSON value."""
    among: Annotated[tuple[Any, ...] | None, Field(alias="in", max_length=MAX_CHOICES)] = None
    """One of these JSON values."""
    glob: Texts | None = None
    """The whole text, with `*` for any characters and `?` for one."""
    regex: Text | None = None
    """Found in the text. In the syntax of Rust, whose time is linear."""
    above: float | None = Field(default=None, allow_inf_nan=False)
    """A larger number."""
    below: float | None = Field(default=None, allow_inf_nan=False)
    """A smaller number."""
    path_below: Texts | None = None
    """A path in this folder, or the folder itself, once `.` and `..` are resolved."""
    present: bool | None = None
    """Whether there is such a value at all."""
    ignore_case: bool = False
    """Compare texts without regard to case, width and form of their characters."""
    inverse: Annotated[Condition | None, Field(alias="not")] = None
    """What must not hold."""

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: Any) -> Any:
        """A plain value stands for `equals`, a list for `in`."""
        if isinstance(value, list):
            return {"in": cast("list[Any]", value)}
        return cast("Any", value if isinstance(value, dict) else {"equals": value})

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.model_fields_set - {"ignore_case"}:
            raise ValueError("a condition is empty; give it equals, in, glob, regex, above, ...")
        for glob in self.glob or ():
            _compile(_glob_pattern(self._fold(glob)))
        if self.regex is not None:
            _compile(self._pattern)
        for folder in self.path_below or ():
            if _normalize_path(folder) is None:
                raise ValueError(f"path_below: {folder[:80]!r} is not a folder; write docs or /srv")
        return self

    def holds(self, value: Any) -> bool | None:
        """Whether it holds for a value that is there; None if it cannot tell."""
        checks: list[bool | None] = []
        given = self.model_fields_set
        if "equals" in given:
            checks.append(self._is_same(value, self.equals))
        if self.among is not None:
            checks.append(any(self._is_same(value, each) for each in self.among))
        if self.above is not None:
            checks.append(_compare(value, lambda number, limit=Decimal(self.above): number > limit))
        if self.below is not None:
            checks.append(_compare(value, lambda number, limit=Decimal(self.below): number < limit))
        checks += self._check_text(value)
        if self.present is not None:
            checks.append(self.present)
        if self.inverse is not None:
            checks.append(invert(self.inverse.holds(value)))
        return conjoin(checks)

    def holds_absent(self) -> bool | None:
        """Whether it holds where there is no value."""
        if self.model_fields_set - {"present", "inverse", "ignore_case"}:
            return False
        inner = None if self.inverse is None else self.inverse.holds_absent()
        checks = [] if self.inverse is None else [invert(inner)]
        return conjoin([*checks, *([] if self.present is None else [not self.present])])

    def _check_text(self, value: Any) -> list[bool | None]:
        wanted: list[tuple[object, Callable[[str], bool | None]]] = [
            (self.glob, self._fits_glob), (self.regex, self._fits_regex),
            (self.path_below, self._is_path_below),
        ]  # fmt: skip
        return [_test_text(value, test) for given, test in wanted if given is not None]

    def _fits_glob(self, text: str) -> bool:
        text = self._fold(text)
        return any(_is_found(_glob_pattern(self._fold(each)), text) for each in self.glob or ())

    def _fits_regex(self, text: str) -> bool:
        text = unicodedata.normalize("NFKC", text) if self.ignore_case else text
        return _is_found(self._pattern, text)

    @property
    def _pattern(self) -> str:
        return f"(?i){self.regex}" if self.ignore_case else self.regex or ""

    def _is_path_below(self, text: str) -> bool | None:
        path = _normalize_path(self._fold(text))
        if path is None:
            return None
        folders = [_normalize_path(self._fold(each)) for each in self.path_below or ()]
        return any(each is not None and _is_below(path, each) for each in folders)

    def _is_same(self, value: Any, wanted: Any) -> bool:
        if isinstance(value, str) and isinstance(wanted, str):
            return self._fold(value) == self._fold(wanted)
        # For JSON, true is not 1.
        if isinstance(value, bool) or isinstance(wanted, bool):
            return value is wanted
        return value == wanted

    def _fold(self, text: str) -> str:
        return unicodedata.normalize("NFKC", text).casefold() if self.ignore_case else text


def conjoin(checks: list[bool | None]) -> bool | None:
    """Whether all hold: one that does not decides, and then one that cannot tell."""
    if False in checks:
        return False
    return None if None in checks else True


def invert(held: bool | None) -> bool | None:
    return None if held is None else not held


T = TypeVar("T", bound=bool | None)


def _test_text(value: Any, test: Callable[[str], T]) -> T | bool | None:
    """Numbers and truth values are tested as JSON writes them."""
    if isinstance(value, str):
        return test(value)
    if isinstance(value, int | float):
        return test(json.dumps(value))
    return False if value is None else None


def _compare(value: Any, test: Callable[[Decimal], bool]) -> bool | None:
    """Numbers may arrive as texts: tools convert them."""
    if value is None:
        return False
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > LONGEST_NUMBER:
        return None
    try:
        number = Decimal(value)
        return None if number.is_nan() else test(number)
    except InvalidOperation:
        return None


def _normalize_path(text: str) -> str | None:
    """Resolve `.` and `..`; None if systems read the path in different ways."""
    if not text or "\0" in text or "\\" in text or text.startswith("~"):
        return None
    return re.sub("^/+", "/", posixpath.normpath(text))


def _is_below(path: str, folder: str) -> bool:
    if folder == ".":
        return not path.startswith(("/", "../")) and path != ".."
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _glob_pattern(glob: str) -> str:
    parts = ({"*": ".*", "?": "."}.get(each) or _escape(each) for each in re.split(r"([*?])", glob))
    return rf"(?s)\A{''.join(parts)}\z"


def _escape(text: str) -> str:
    """For Rust, which knows fewer escapes than Python."""
    return re.sub(r"([\\.+*?()|\[\]{}^$#&\-~])", r"\\\1", text)


@lru_cache(maxsize=2_000)
def _compile(pattern: str) -> TypeAdapter[str]:
    """Pydantic's own engine takes linear time for any pattern and text."""
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except Exception as error:
        why = str(error).strip().splitlines()[-1]
        raise ValueError(f"{pattern[:80]!r} is not a regular expression of Rust: {why}") from None


def _is_found(pattern: str, text: str) -> bool:
    try:
        _compile(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def fits_glob(glob: str, text: str) -> bool:
    """Whether the whole text fits the pattern."""
    return _is_found(_glob_pattern(glob), text)
