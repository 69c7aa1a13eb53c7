"""A rehearsal: the agent works as on a ticket, up to the point at which it would change the
service. Instead of changing it, its tools say what would happen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.agent import AnyTool, tool
from harness.care.repair.context import Context
from harness.care.repair.deploying import Deployer
from harness.care.repair.git import check_commit, check_takeover, open_clone, show_diff
from harness.care.repair.tools import Commit, Words
from harness.care.store import StoredSubject
from harness.care.subjects.registry import find_subject
from harness.care.subjects.subject import Subject
from harness.contracts.errors import ToolFailed

DECIDES = {"ask": "after a person has approved it", "automatic": "at once, without asking"}


@tool(name="deploy_change", effect="read", untrusted=True)
async def rehearse_deploy(ctx: Context, subject: str, commit: Commit, summary: Words) -> str:
    """Say what would happen if a commit that propose_change made were deployed. This is a
    rehearsal: nothing is deployed.

    Args:
        subject: Which service.
        commit: The commit.
        summary: What the change does and why.
    """
    deployer, stored = await _open(ctx, subject)
    clone = await open_clone(Path(stored.folder))
    await check_commit(clone, commit, stored.subject.editable)
    await check_takeover(clone, commit)
    await deployer.check_budget()
    stages = " to ".join(f"{each} %" for each in stored.subject.stages)
    return "\n".join([
        f"Commit {commit[:12]} would be deployed {DECIDES[stored.subject.changes]}: {summary}",
        await show_diff(clone, commit),
        f"It would run: {_join(stored.subject.deploy)}{f', in stages: {stages}' if stages else ''}",
        *await _describe_watch(deployer, stored.subject),
    ])  # fmt: skip


@tool(name="restart_subject", effect="read", untrusted=True)
async def rehearse_restart(ctx: Context, subject: str, reason: Words) -> str:
    """Say what would happen if a service were restarted. This is a rehearsal: it is not.

    Args:
        subject: Which service.
        reason: Why this helps.
    """
    deployer, stored = await _open(ctx, subject)
    if stored.subject.restart is None:
        raise ToolFailed(f"{subject} has no restart command in its subject.toml.")
    await deployer.check_budget()
    return "\n".join([
        f"{subject} would be restarted {DECIDES[stored.subject.changes]}: {reason}",
        f"It would run: {_join(stored.subject.restart)}",
        *await _describe_watch(deployer, stored.subject),
    ])  # fmt: skip


async def _open(ctx: Context, subject: str) -> tuple[Deployer, StoredSubject]:
    stored = await find_subject(ctx.deps.connection, subject)
    deployer = Deployer(ctx.deps.connection, stored)
    deployer.check_permission()
    return deployer, stored


async def _describe_watch(deployer: Deployer, subject: Subject) -> list[str]:
    held = (await deployer.find_holding()).held
    return [
        f"Healthy within {subject.health_seconds:g} s: {_describe_health(subject)}",
        f"Watched afterwards, and undone if one breaks: {', '.join(held) or 'nothing holds now'}",
    ]


def _describe_health(subject: Subject) -> str:
    return subject.health if isinstance(subject.health, str) else _join(subject.health)


def _join(words: Iterable[str] | None) -> str:
    return " ".join(words) if words else "nothing is configured"


REHEARSED: tuple[AnyTool, ...] = (rehearse_deploy, rehearse_restart)
