"""Read the cases of a data set: JSON lines, recorded runs, conversations. Hostile files are refused
in bounded time and memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from harness.contracts.clean_text import clip_text
from harness.contracts.errors import EvalInvalid
from harness.evals.contracts import Case

MOST_CASES = 10_000
MAX_LINE = 1_000_000
MAX_FILE = 200_000_000
MAX_ID = 200


def find_beside(folder: Path, name: str, what: str) -> Path:
    """The file that an evaluation names: a regular file in the evaluation's folder or below, since
    its content is sent to models."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
        regular = inside and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise EvalInvalid(f"The {what} {name[:200]!r} cannot be opened: {error}.") from None
    if not inside:
        raise EvalInvalid(
            f"The {what} {name[:200]!r} is outside the folder {folder}.",
            fix="Move it beside the file of the evaluation.",
        )
    if not regular:
        raise EvalInvalid(f"There is no {what} {name[:200]!r} in {folder}.")
    return path


def read_cases(path: Path) -> list[Case]:
    """Read a file with a JSON object in each line: `input`, and optionally `id`, `expected` and
    `metadata`."""
    if path.stat().st_size > MAX_FILE:
        raise EvalInvalid(f"{path.name} is larger than {MAX_FILE // 1_000_000} MB.")
    with path.open("rb") as file:
        cases = [_read_case(path, number, line) for number, line in _read_lines(path, file)]
    return check_cases(cases, path.name)


def read_case_lines(text: str, what: str) -> list[Case]:
    """Read the same from a text; `what` names it in errors."""
    path = Path(what)
    lines = _read_lines(path, io.BytesIO(text.encode()))
    return check_cases([_read_case(path, number, line) for number, line in lines], what)


def check_cases(cases: list[Case], what: str) -> list[Case]:
    """Refuse no cases, too many, and ids that repeat."""
    if not cases:
        raise EvalInvalid(f"{what} has no case.")
    if len(cases) > MOST_CASES:
        raise EvalInvalid(f"{what} has more than {MOST_CASES:,} cases.", fix="Split it.")
    seen = set[str]()
    for case in cases:
        if case.id in seen:
            raise EvalInvalid(f"{what} has two cases with the id {case.id[:80]!r}.")
        seen.add(case.id)
    return cases


def _read_lines(path: Path, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = count = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise EvalInvalid(f"Line {number} of {path.name} is longer than {MAX_LINE:,} bytes.")
        if line.strip():
            count += 1
            if count > MOST_CASES:
                raise EvalInvalid(f"{path.name} has more than {MOST_CASES:,} cases.")
            yield number, line


def _read_case(path: Path, number: int, line: bytes) -> Case:
    where = f"Line {number} of {path.name}"
    try:
        found: Any = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise EvalInvalid(f"{where} is not UTF-8: {error.reason} at byte {error.start}.") from None
    except RecursionError:
        raise EvalInvalid(f"{where} is nested too deeply.") from None
    except ValueError as error:
        raise EvalInvalid(f"{where} is not JSON: {clip_text(str(error), 200)}") from None
    if not isinstance(found, dict):
        raise EvalInvalid(f"{where} is not a JSON object.", fix='Write {"input": "..."}.')
    named: dict[str, Any] = {"id": f"{number}", **found}  # pyright: ignore[reportUnknownArgumentType]
    named["id"] = named["id"] if isinstance(named["id"], str) else json.dumps(named["id"])
    named.pop("source", None)  # only recorded runs have one
    try:
        case = Case.model_validate_json(json.dumps(named))  # JSON: a list may be a tuple
    except RecursionError:
        raise EvalInvalid(f"{where} is nested too deeply.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(each) for each in first["loc"])
        raise EvalInvalid(f"{where}: {place}: {clip_text(first['msg'], 200)}") from None
    return _check_case(case, where)


def _check_case(case: Case, where: str) -> Case:
    if not (0 < len(case.id) <= MAX_ID and case.id.isprintable()):
        raise EvalInvalid(f"{where} has an id that is not 1 to {MAX_ID} printable characters.")
    if not case.input or not case.asked.strip():
        raise EvalInvalid(f"{where} has no input.", fix='Write {"input": "..."}.')
    if not isinstance(case.input, str) and case.input[-1].role != "user":
        raise EvalInvalid(f"{where}: the last message of a conversation must be the user's.")
    if "\\u0000" in case.model_dump_json():
        raise EvalInvalid(f"{where} has a NUL character.", fix="Remove the character.")
    return case
