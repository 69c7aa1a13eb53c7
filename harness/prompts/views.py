"""What the API takes and returns for prompt templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from harness.api.body import Body
from harness.contracts.errors import InvalidRequest
from harness.contracts.prompt import PinnedPrompt
from harness.prompts.client import Filled, FullVersion, Listed, Page, Saved, Version, VersionPage
from harness.prompts.prompt import Prompt
from harness.prompts.template import MAX_TEMPLATE
from harness.prompts.variables import MAX_VARIABLES, Type, Variable

MAX_REF = 80
Variables = Annotated[dict[str, Any], Field(max_length=MAX_VARIABLES)]
"""Values of variables; their types are for the template to check."""


def read_question(
    text: str | None, template: str | None, variables: dict[str, Any] | None, name: str
) -> str | Prompt:
    """What a request asks: a text, or a template with variables. `name`: the field of the text."""
    if (text is None) is (template is None):
        raise InvalidRequest(f"The request needs either {name!r} or 'template'.")
    if text is not None:
        if variables is not None:
            raise InvalidRequest("'variables' belong to a 'template'.")
        return text
    return Prompt(template or "", **(variables or {}))


def write_question(asked: str | Prompt, name: str) -> dict[str, Any]:
    """The fields of a request that asks this, as `read_question` reads them."""
    if isinstance(asked, str):
        return {name: asked}
    return {"template": asked.template, "variables": dict(asked.variables)}


class NewVersion(Body):
    """The text of a template."""

    text: str = Field(min_length=1, max_length=MAX_TEMPLATE)
    """The template, with the declarations of its variables."""


class Render(Body):
    """The values to insert."""

    variables: Variables = Field(default_factory=dict)
    """The values of the variables, by name."""


class VariableView(BaseModel):
    """A variable of a template."""

    name: str
    type: Type
    required: bool
    description: str | None = None
    default: Any = None
    max_length: int | None = None
    choices: list[str] | None = None

    @classmethod
    def of(cls, name: str, variable: Variable) -> VariableView:
        """The view of a declaration."""
        return cls(
            name=name,
            required=variable.required,
            **variable.model_dump(mode="json"),
        )


class VersionSummary(BaseModel):
    """A version of a template, without its text."""

    name: str
    version: int
    digest: str
    """SHA-256 of the text."""
    description: str | None = None
    by: str
    """Who saved it."""
    created_at: datetime
    archived: bool
    """Whether the template is archived."""

    @property
    def ref(self) -> str:
        """NAME@VERSION."""
        return f"{self.name}@{self.version}"

    @classmethod
    def of(cls, version: Version) -> VersionSummary:
        """The summary of a version."""
        return cls(**_fields(version))


class VersionView(VersionSummary):
    """A version of a template."""

    text: str
    variables: list[VariableView]

    @classmethod
    def of_full(cls, version: FullVersion) -> VersionView:
        """The view of a version."""
        variables = [VariableView.of(*each) for each in version.template.variables.items()]
        return cls(
            **_fields(version),
            text=version.text,
            variables=variables,
        )


class SavedPrompt(VersionView):
    """What saving a template did."""

    added: bool
    """False: the newest version has the same text already."""

    @classmethod
    def of_saved(cls, saved: Saved) -> SavedPrompt:
        """The view of what was saved."""
        view = VersionView.of_full(saved.version)
        return cls(**dict(view), added=saved.added)


class PromptSummary(BaseModel):
    """A template in a list."""

    name: str
    version: int
    """The newest."""
    archived: bool
    by: str | None = None
    created_at: datetime | None = None
    description: str | None = None
    problem: str | None = None
    """Why the version cannot be used."""

    @classmethod
    def of(cls, listed: Listed) -> PromptSummary:
        """The view of a listed template."""
        created = None if listed.created is None else _time(listed.created)
        return cls(created_at=created, **listed.model_dump(exclude={"created"}))


class PromptList(BaseModel):
    """A page of templates, by name."""

    prompts: list[PromptSummary]
    next: str | None = None
    """The cursor of the next page; absent on the last one."""

    @classmethod
    def of(cls, page: Page) -> PromptList:
        """The view of a page."""
        return cls(prompts=[PromptSummary.of(each) for each in page.prompts], next=page.next)


class VersionList(BaseModel):
    """A page of the versions of a template, the newest first."""

    versions: list[VersionSummary]
    next: int | None = None
    """The cursor of the next page; absent on the last one."""

    @classmethod
    def of(cls, page: VersionPage) -> VersionList:
        """The view of a page."""
        return cls(versions=[VersionSummary.of(each) for each in page.versions], next=page.next)


class VersionDiff(BaseModel):
    """What differs between two versions."""

    diff: str
    """A unified diff; empty if their texts are the same."""


class RenderedPrompt(BaseModel):
    """A template with values inserted."""

    text: str
    template: PinnedPrompt
    """What a run of this prompt records."""

    @classmethod
    def of(cls, filled: Filled) -> RenderedPrompt:
        """The view of a filled template."""
        return cls(text=filled.text, template=filled.pinned)


def _fields(version: Version) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "digest": version.digest,
        "description": version.description,
        "by": version.by,
        "created_at": _time(version.created),
        "archived": version.archived,
    }


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
