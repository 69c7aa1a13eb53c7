"""Read the file of an evaluation: TOML, bounded and checked before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from harness.contracts.base import Word
from harness.contracts.clean_text import clip_text
from harness.contracts.errors import EvalInvalid
from harness.contracts.model import ModelRef
from harness.contracts.run import Budget
from harness.evals.checks import Check

MAX_FILE = 1_000_000
MOST_CHECKS = 50
MOST_CELLS = 50


Dollars = Annotated[float, Field(gt=0, le=1e9)]
Seconds = Annotated[float, Field(gt=0, le=1e9)]


class RunLimits(Word):
    """Limits of each run."""

    turns: Annotated[int, Field(ge=1)] | None = None
    tokens: Annotated[int, Field(ge=1)] | None = None
    cost_usd: Dollars | None = None
    seconds: Seconds | None = None

    def budget(self) -> Budget:
        """The same as a run takes it."""
        micros = None if self.cost_usd is None else round(self.cost_usd * 1e6)
        return Budget(
            turns=self.turns, tokens=self.tokens, cost_micros=micros, seconds=self.seconds
        )


class DataSet(Word):
    """Where the cases come from: one of the three."""

    file: str | None = None
    """A file of JSON lines beside this one."""
    runs: str | None = None
    """Ended runs that match this Temporal query: each prompt, and its answer as `expected`."""
    conversations: tuple[str, ...] | None = None
    """The ids of conversations: each message, after what was said before it, and its answer as
    `expected`."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """At most this many cases."""


class EvalFile(Word):
    """An evaluation as its file declares it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    agents: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_CELLS)]
    """FILE:NAME beside this file, or the @NAME of a published agent."""
    models: Annotated[tuple[ModelRef, ...], Field(max_length=MOST_CELLS)] = ()
    """Each agent runs with each of them; by default with its own."""
    dataset: str | DataSet | None = None
    workspace: str | None = None
    """A folder beside this file. Each run works in its own copy of it."""
    checks: Annotated[tuple[Check, ...], Field(max_length=MOST_CHECKS)] = ()
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    concurrency: Annotated[int, Field(ge=1, le=50)] = 4
    """Runs at the same time."""
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """The lowest pass rate of each agent and model; below it the command exits with 1."""
    limits: RunLimits = RunLimits()
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """No run starts once all runs together have used this much."""
    max_cost_usd: Dollars | None = None
    """The same for the cost."""

    @property
    def most_micros(self) -> int | None:
        """`max_cost_usd` in millionths of a US dollar."""
        return None if self.max_cost_usd is None else round(self.max_cost_usd * 1e6)

    @property
    def data(self) -> DataSet:
        """The data set in full."""
        if isinstance(self.dataset, DataSet):
            return self.dataset
        return DataSet(file=self.dataset)


def read_eval_file(path: Path) -> EvalFile:
    """Read and check the file of an evaluation."""
    try:
        if not path.is_file():
            raise EvalInvalid(f"There is no file {path}.")
        if path.stat().st_size > MAX_FILE:
            raise EvalInvalid(f"{path} is larger than {MAX_FILE:,} bytes.")
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise EvalInvalid(f"{path} is not UTF-8: byte {error.start}.") from None
    except (OSError, ValueError) as error:
        raise EvalInvalid(f"{path} cannot be read: {clip_text(str(error), 300)}") from None
    return read_eval_text(text, str(path))


def read_eval_text(text: str, where: str) -> EvalFile:
    """Read and check the text of such a file; `where` names it in errors."""
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise EvalInvalid(f"{where} is nested too deeply.") from None
    except ValueError as error:
        raise EvalInvalid(f"{where} cannot be read: {clip_text(str(error), 300)}") from None
    return parse_eval(raw, where)


def parse_eval(raw: dict[str, Any], where: str) -> EvalFile:
    """Check what a file declares; checks without a name are told apart by number."""
    try:
        found = EvalFile.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(each) for each in first["loc"])
        raise EvalInvalid(f"{where}: {place}: {clip_text(first['msg'], 300)}") from None
    for what, names in (("agents", found.agents), ("models", found.models)):
        if len(set(names)) < len(names):
            raise EvalInvalid(f"{where}: {what} names one twice.")
    if len(found.agents) * max(1, len(found.models)) > MOST_CELLS:
        raise EvalInvalid(f"{where}: more than {MOST_CELLS} pairs of an agent and a model.")
    given = [each for each in (found.data.file, found.data.runs, found.data.conversations) if each]
    if len(given) > 1:
        raise EvalInvalid(f"{where}: dataset names more than one of file, runs, conversations.")
    return found.model_copy(update={"checks": _name_checks(found.checks, where)})


def _name_checks(checks: tuple[Check, ...], where: str) -> tuple[Check, ...]:
    taken = {check.name for check in checks if check.name}
    if len(taken) < sum(1 for check in checks if check.name):
        raise EvalInvalid(f"{where}: two checks have the same name.")
    named: list[Check] = []
    for check in checks:
        number, name = 1, check.title
        while check.name is None and name in taken:
            number += 1
            name = f"{check.kind}-{number}"
        taken.add(name)
        named.append(check.model_copy(update={"name": name}))
    return tuple(named)
