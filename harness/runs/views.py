"""What the API takes and returns for runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt
from pydantic_core import to_json

from harness.api.body import Body
from harness.contracts.attempt import Attempt
from harness.contracts.errors import ErrorInfo, StoreError
from harness.contracts.event import DurableEvent
from harness.contracts.published import PublishedAgent
from harness.contracts.run import Budget, Pending
from harness.contracts.steering import Verdict
from harness.prompts.views import MAX_REF, Variables
from harness.runs.listing import RunRow
from harness.runs.published import ListedAgent

MAX_TEXT = 1_000_000
MAX_LABELS = 20
MAX_FILES = 20
MAX_UPLOAD_ID = 2_000


class AgentView(BaseModel):
    """An agent as its workers published it."""

    name: str
    models: list[str]
    """In the order in which they are tried."""
    tools: list[str]
    build: str
    """The code of the worker that published it last."""
    published: float
    """When; seconds since the epoch."""
    workers: list[str]
    """Processes that serve it now."""
    problem: str | None = None
    """Why the publication cannot be used."""
    host: str
    """The host of the worker that published it last."""
    first: float
    """When it was first published; seconds since the epoch."""
    published_agent: PublishedAgent | None = None
    """All that workers published, without its folder."""
    error: ErrorInfo | None = None
    """`problem` with its code and fix."""

    @classmethod
    def of(cls, listed: ListedAgent) -> AgentView:
        """The view of an agent."""
        publication = listed.publication
        agent = publication.agent
        usable = None if isinstance(agent, StoreError) else agent
        return cls(
            name=publication.name,
            models=list(usable.models) if usable else [],
            tools=sorted(usable.tools) if usable else [],
            build=publication.build,
            published=publication.last,
            workers=list(listed.workers),
            problem=agent.message if isinstance(agent, StoreError) else None,
            host=publication.host,
            first=publication.first,
            published_agent=usable and usable.model_copy(update={"workspace": None}),
            error=agent.info if isinstance(agent, StoreError) else None,
        )


class AgentList(BaseModel):
    """The agents that workers have published."""

    agents: list[AgentView]


def _read_strictly(value: Any) -> Any:
    """Read a budget that is JSON. Python's own rules would take true for a turn, and "9" for 9."""
    if not isinstance(value, dict):
        return value
    return Budget.model_validate_json(to_json(value), strict=True)


StrictBudget = Annotated[Budget, BeforeValidator(_read_strictly)]
"""A budget as requests have it."""


class Upload(BaseModel):
    """A file that was uploaded. Only its sender can use it, for a day."""

    id: str
    """What `files` of a request takes."""
    artifact: str
    """Its id among the files of the runs that use it. With encryption, each run has a copy with
    another id."""
    name: str
    """Its name, without folders."""
    media_type: str | None = None
    size: int
    """Bytes."""


Files = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=MAX_UPLOAD_ID)]],
    Field(max_length=MAX_FILES),
]
"""Ids of uploaded files."""


class StartRun(Body):
    """A run to start."""

    agent: str = Field(min_length=1, max_length=200)
    """The name of a published agent: one that a worker serves or has served."""
    prompt: str | None = Field(default=None, min_length=1, max_length=MAX_TEXT)
    """The task for the agent."""
    template: str | None = Field(default=None, min_length=1, max_length=MAX_REF)
    """In place of `prompt`: a prompt template, as NAME or NAME@VERSION."""
    variables: Variables | None = None
    """The values of the template's variables."""
    files: Files = Field(default_factory=list[str])
    """Files for the agent: ids of files that you have uploaded."""
    id: str | None = Field(default=None, min_length=1, max_length=250)
    """The run's id. The same request with the same id is the same run."""
    model: str | None = None
    """Another model than the agent's, as provider/model."""
    budget: StrictBudget | None = None
    """The limits of the run; by default, the agent's own."""
    labels: dict[str, str] | None = Field(default=None, max_length=MAX_LABELS)
    """Labels of your choice, stored with the run."""
    priority: StrictInt | None = Field(default=None, ge=1, le=5)
    """From 1 (most urgent) to 5; by default 3. It decides whose calls are made first when they must
    wait."""


class RunList(BaseModel):
    """A page of runs, newest first."""

    runs: list[RunRow]
    next: str | None = None
    """The cursor of the next page; absent on the last one."""


class Started(BaseModel):
    """A run that was started."""

    id: str


class EventList(BaseModel):
    """The events of a run so far."""

    events: list[DurableEvent]
    attempts: list[Attempt] | None = None
    """Failed attempts at model and tool calls, if asked for and if the log can be read."""


class AttemptList(BaseModel):
    """The failed attempts at model and tool calls of a run, in the order in which they began."""

    attempts: list[Attempt]


class Service(BaseModel):
    """Whether a run can make progress."""

    served: bool
    """Whether a worker answers for it."""
    trouble: str | None = None
    """Why it is stuck although a worker serves it."""


class PendingList(BaseModel):
    """What a run waits for a person to decide."""

    pending: list[Pending]


class ArtifactView(BaseModel):
    """A file of a run, or a result of a tool that was too large to show."""

    id: str
    name: str | None = None
    """The name of an attached file."""
    call: str | None = None
    """The call that a result belongs to."""
    media_type: str | None = None
    size: int | None = None
    """Bytes; absent if the content is no longer stored."""


class ArtifactList(BaseModel):
    """The files of a run."""

    artifacts: list[ArtifactView]


class WaitingRun(BaseModel):
    """A run that waits for a person, with what it asks."""

    run: str
    agent: str
    pending: list[Pending]


class Approvals(BaseModel):
    """Everything that waits for a person, across runs."""

    waiting: list[WaitingRun]
    next: str | None = None


class AbortBody(Body):
    """How to end a run."""

    reason: str = Field(default="aborted", max_length=10_000)
    """Why; the run's history and result show it."""
    undo: StrictBool = False
    """Undo the run's effects before it ends."""


class HintBody(Body):
    """What to tell a run's model."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)
    """What the model reads before its next turn."""
    interrupt: StrictBool = False
    """Cut the current model call short, so that the model reads the hint at once."""


class ReasonBody(Body):
    """Why a run is paused or resumed."""

    reason: str | None = Field(default=None, max_length=10_000)
    """Why; the run's history shows it."""


class DecideBody(Body):
    """A decision about what a run waits for."""

    verdict: Verdict
    """What to do with it."""
    item: str | None = None
    """The id of what to decide; optional while only one thing waits."""
    note: str | None = Field(default=None, max_length=10_000)
    """Why; the history shows it, and the model reads it with a rejection."""
    arguments: dict[str, Any] | None = None
    """With `edit`: the arguments to change."""
    replace: StrictBool = False
    """With `edit`: `arguments` replaces all of the call's arguments."""
    answer: str | None = Field(default=None, max_length=MAX_TEXT)
    """With `answer`: what the model reads."""
    digest: str | None = None
    """The digest of what was shown; refused if something else waits by now."""
    remember: Literal[True] | Annotated[tuple[str, ...], Field(max_length=100)] | None = None
    """With `approve` or `edit`: allow later calls of the session too, if the rule of the policy
    permits that: true for equal arguments, or the names of those that have to be equal."""

    def said(self) -> dict[str, Any]:
        """The decision as `decide_run` takes it."""
        return self.model_dump(exclude={"item", "replace"}) | {"replace": self.replace or None}
