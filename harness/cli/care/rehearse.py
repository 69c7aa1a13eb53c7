"""`harness care agent --ticket ID --rehearse`: what the agent would do, without doing it."""

from __future__ import annotations

import time
import uuid
from argparse import Namespace
from pathlib import Path

from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.runs.attach import attend_run, leave_run
from harness.terminal.input.interrupts import count_interrupts


async def rehearse_ticket(args: Namespace, out: Out) -> int:
    """Serve the rehearsing agent in this process, and print its run."""
    from harness.care.repair.agent import make_care_agent
    from harness.care.repair.git import close_worktree, open_clone, open_worktree
    from harness.care.repair.work import WORKSPACES, write_prompt
    from harness.care.subjects.registry import find_subject
    from harness.care.tickets.client import find_ticket
    from harness.sdk.local import host_agents

    async with open_client(out, index=True) as client:
        connection = client.connection
        ticket = await find_ticket(connection, args.ticket)
        stored = await find_subject(connection, ticket.subject)
        prompt = await write_prompt(connection, ticket, stored, before=time.time())
        run = f"care-rehearsal-{ticket.id}-{uuid.uuid4().hex[:6]}"
        clone = await open_clone(Path(stored.folder))
        place = connection.project / WORKSPACES / run
        work = await open_worktree(clone, place, f"care/{run}")
        try:
            async with host_agents(connection, capabilities_after=0) as harness:
                harness.allow_workspace(work.folder)
                agent = make_care_agent(args.model, rehearse=True)
                handle = await harness.start(
                    agent, prompt, id=run, model=args.model, workspace=work.folder
                )
                with count_interrupts() as counted:
                    attended = await attend_run(handle, out, counted, leave=False)
            out.note("This was a rehearsal: nothing was changed.")
            return await leave_run(handle, attended, out, "harness care agent")
        finally:
            await close_worktree(clone, place)
            await clone.try_git("branch", "-D", f"care/{run}")
