"""The definition of a subject: how it is tested, deployed and observed. Pure."""

from __future__ import annotations

import hashlib
import shlex
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from harness.care.invariants.invariant import NAME, Invariant, Text
from harness.care.invariants.slo import Slo
from harness.care.mistakes import explain_mistake
from harness.commons.toml import parse_toml
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import SubjectInvalid

FILE = "subject.toml"
MAX_BYTES = 65_536
MAX_NAME, MAX_REASON = 80, 300
KINDS = {"invariant": "invariant", "slo": "SLO"}
Words = Annotated[tuple[Text, ...], Field(min_length=1, max_length=50)]
Path = Annotated[Text, Field(min_length=1, max_length=500)]
Command = Words | None
Changes = Literal["ask", "automatic", "never"]
Address = Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")]
Health = Annotated[
    Annotated[Address, Tag("address")] | Annotated[Words, Tag("command")],
    Discriminator(lambda value: "address" if isinstance(value, str) else "command"),
]
Percent = Annotated[int, Field(ge=1, le=100)]
MOST_STAGES, MOST_STAGE_S = 10, 600.0


class Subject(BaseModel):
    """A service under care. Its commands are run without a shell, in its folder; `{python}` is the
    Python of the worker."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(pattern=NAME)
    summary: Text = Field(default="", max_length=500)
    """What it does, for people and agents."""
    test: Command = None
    """Tests the code; exit code 0: good."""
    deploy: Command = None
    """Deploys the commit HARNESS_COMMIT as the release HARNESS_RELEASE. Called again with the same
    release, it must change nothing."""
    rollback: Command = None
    """Takes the release HARNESS_RELEASE back. Called again, it must change nothing."""
    restart: Command = None
    command_seconds: float = Field(default=120, gt=0, le=3_600, allow_inf_nan=False)
    """How long each command may take."""
    stages: tuple[Percent, ...] = Field(default=(), max_length=MOST_STAGES)
    """Deploy in steps, such as `[10, 50, 100]`: `deploy` is called for each, with the percentage in
    HARNESS_STAGE, and everything is taken back if an invariant breaks in between."""
    stage_seconds: float = Field(default=30, ge=0, le=MOST_STAGE_S, allow_inf_nan=False)
    """How long the invariants are watched after each stage but the last."""
    health: Health | None = None
    """An address that answers 200 when the service works, or a command that exits with 0."""
    health_seconds: float = Field(default=30, gt=0, le=600, allow_inf_nan=False)
    """How long after a deploy or restart it may take to be healthy."""
    metrics: Text | None = Field(default=None, max_length=1_000)
    """The selector of its metrics, such as `{job="api"}`."""
    logs: Text | None = Field(default=None, max_length=1_000)
    """The selector of its logs, such as `{service="api"}`."""
    guidance: Path | None = None
    """A file in its folder with guidance for agents, such as AGENTS.md."""
    runbooks: Path | None = None
    """A folder in its folder with Markdown files that say what to do."""
    editable: tuple[Path, ...] = Field(default=(), max_length=100)
    """The files that agents may edit, such as `config.toml` and `src/**`."""
    owner: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"^[!-~]+$")
    """The user who decides about its changes; without one only admins do."""
    changes: Changes = "ask"
    """Whether agents may deploy and restart: after approval, on their own, or never."""
    autonomous: bool = False
    """Whether an agent works on each ticket at once, or only when a person asks for it."""
    changes_per_day: int = Field(default=5, ge=0, le=1_000)
    """Most changes of agents in 24 hours, approved or not."""
    invariants: tuple[Invariant, ...] = Field(default=(), max_length=500, alias="invariant")
    slos: tuple[Slo, ...] = Field(default=(), max_length=50, alias="slo")

    @property
    def watched(self) -> tuple[Invariant, ...]:
        """Its invariants, with those of its SLOs."""
        return (*self.invariants, *(each for slo in self.slos for each in slo.expand()))

    @property
    def deciders(self) -> str:
        """Who decides about its changes, in words."""
        return "admins" if self.owner is None else f"{self.owner} and admins"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(each.slo is not None for each in self.invariants):
            raise ValueError("an invariant has no slo: write [[slo]]")
        for what, named in (("SLOs", self.slos), ("invariants", self.watched)):
            names = [each.name for each in named]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} have the name {twice!r}")
        if self.deploy is not None and self.rollback is None:
            raise ValueError("it has deploy but no rollback: a change could not be undone")
        self._check_stages()
        for path in (self.guidance, self.runbooks, *self.editable):
            if path is not None and (path.startswith(("/", "~")) or ".." in path.split("/")):
                raise ValueError(f"{path!r} leads out of the folder")
        return self

    @property
    def shown_health(self) -> str | None:
        """The address, or the command as a person writes it."""
        return (
            self.health if isinstance(self.health, str) else shlex.join(self.health or ()) or None
        )

    def _check_stages(self) -> None:
        if not self.stages:
            return
        if self.deploy is None:
            raise ValueError("it has stages but no deploy")
        if list(self.stages) != sorted(set(self.stages)) or self.stages[-1] != 100:
            raise ValueError("stages must increase, and end with 100")
        if (len(self.stages) - 1) * self.stage_seconds > MOST_STAGE_S:
            raise ValueError(f"all stages together must not take longer than {MOST_STAGE_S:g} s")


def parse_subject(content: bytes, where: str) -> Subject:
    """Read a definition.

    Raises:
        SubjectInvalid: It is not TOML, or not a definition.
    """
    if len(content) > MAX_BYTES:
        raise SubjectInvalid(f"{where} is larger than {MAX_BYTES:,} bytes.")
    try:
        data = parse_toml(content.decode())
    except (ValueError, RecursionError) as error:
        raise SubjectInvalid(
            f"{where} is not TOML: {clean_line(str(error)[:MAX_REASON])}."
        ) from None
    try:
        return Subject.model_validate(data)
    except ValidationError as error:
        reason = explain_mistake(error, lambda loc: _name_place(loc, data))
        raise SubjectInvalid(f"{where}: {clean_line(reason)}.") from None


def _name_place(steps: tuple[int | str, ...], data: object) -> str:
    """Such as `SLO answered: objective`: an item of a list by its name, if it has one."""
    match steps:
        case ("invariant" | "slo" as kind, int(number), *rest):
            found = cast("dict[str, Any]", data)[kind][number]
            name = cast("dict[str, Any]", found).get("name") if isinstance(found, dict) else None
            known = name if isinstance(name, str) and name else f"number {number + 1}"
            what = f"{KINDS[kind]} {known[:MAX_NAME]}"
            return f"{what}: {_name_place(tuple(rest), data)}" if rest else what
        case _:
            return ".".join(str(step) for step in steps if step not in ("address", "command"))


def digest_definition(content: bytes) -> str:
    """The digest that says whether a definition has changed."""
    return hashlib.sha256(content).hexdigest()
