"""The routes of prompt templates. `{prompt}` is NAME or NAME@VERSION."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response, status

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import OtherAnswer, Route
from harness.prompts.client import Prompts
from harness.prompts.prompt import NAME, Prompt, Ref, read_ref
from harness.prompts.views import (
    NewVersion,
    PromptList,
    Render,
    RenderedPrompt,
    SavedPrompt,
    VersionDiff,
    VersionList,
    VersionSummary,
    VersionView,
)

Limit = Annotated[int, Query(ge=1, le=500)]
MOST = 999_999_999
Cursor = Annotated[int | None, Query(ge=1, le=MOST)]
Older = Annotated[int, Query(ge=1, le=MOST, description="The version to compare.")]
Newer = Annotated[
    int | None,
    Query(ge=1, le=MOST, description="The version to compare it with; by default the newest."),
]


async def list_prompts(
    context: Context,
    archived: bool = False,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=f"^{NAME}$")] = None,
) -> PromptList:
    """List prompt templates by name; `archived` includes archived ones."""
    page = await Prompts(context.connection).list(archived=archived, limit=limit, after=cursor)
    return PromptList.of(page)


async def show_prompt(prompt: PathText, context: Context) -> VersionView:
    """Read a version of a prompt template, the newest by default, with its variables."""
    return VersionView.of_full(await Prompts(context.connection).find(prompt))


async def save_prompt(
    prompt: PathText, body: NewVersion, context: Context, caller: CallerOf, response: Response
) -> SavedPrompt:
    """Save a text as the next version of a prompt template, or as the first one of a new template.
    Saving the text of the newest version again adds no version."""
    saved = await Prompts(context.connection, by=caller.user).save(prompt, body.text)
    if saved.added:
        response.status_code = status.HTTP_201_CREATED
    return SavedPrompt.of_saved(saved)


async def list_prompt_versions(
    prompt: PathText, context: Context, limit: Limit = 50, cursor: Cursor = None
) -> VersionList:
    """List the versions of a prompt template, the newest first."""
    prompts = Prompts(context.connection)
    return VersionList.of(await prompts.list_versions(prompt, limit=limit, before=cursor))


async def diff_prompt_versions(
    prompt: PathText, before: Older, context: Context, after: Newer = None
) -> VersionDiff:
    """Compare version `before` with version `after`, the newest by default."""
    name = read_ref(prompt).name
    old, new = str(Ref(name, before)), str(Ref(name, after))
    return VersionDiff(diff=await Prompts(context.connection).diff(old, new))


async def render_prompt(prompt: PathText, body: Render, context: Context) -> RenderedPrompt:
    """Insert values into a prompt template, as a run would, without starting a run."""
    filled = await Prompts(context.connection).fill(Prompt(prompt, **body.variables))
    return RenderedPrompt.of(filled)


async def archive_prompt(prompt: PathText, context: Context) -> VersionSummary:
    """Hide a prompt template. Runs still use its versions by their numbers."""
    return VersionSummary.of(await Prompts(context.connection).set_archived(prompt, True))


async def restore_prompt(prompt: PathText, context: Context) -> VersionSummary:
    """Restore an archived prompt template."""
    return VersionSummary.of(await Prompts(context.connection).set_archived(prompt, False))


ROUTES = (
    Route("GET", "/prompts", list_prompts, Role.VIEWER),
    Route("GET", "/prompts/{prompt}", show_prompt, Role.VIEWER),
    Route(
        "PUT",
        "/prompts/{prompt}",
        save_prompt,
        Role.OPERATOR,
        answer=SavedPrompt,
        also=(OtherAnswer(201, "application/json"),),
    ),
    Route("GET", "/prompts/{prompt}/versions", list_prompt_versions, Role.VIEWER),
    Route("GET", "/prompts/{prompt}/diff", diff_prompt_versions, Role.VIEWER),
    Route("POST", "/prompts/{prompt}/render", render_prompt, Role.OPERATOR),
    Route("POST", "/prompts/{prompt}/archive", archive_prompt, Role.ADMIN),
    Route("POST", "/prompts/{prompt}/restore", restore_prompt, Role.ADMIN),
)
