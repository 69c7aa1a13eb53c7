"""`harness care agent --subject NAME`: talk with an agent about a subject."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from harness.cli.context import open_client
from harness.cli.conversations.chat import hold_chat, report_left
from harness.cli.out import Out
from harness.terminal.input.keyboard import at_terminal


async def talk_about_subject(args: Namespace, out: Out) -> int:
    """Serve the agent in this process, and talk with it until the person leaves."""
    from harness.care.repair.agent import make_care_agent
    from harness.care.repair.git import open_clone, open_worktree
    from harness.care.repair.work import WORKSPACES
    from harness.care.subjects.registry import find_subject
    from harness.cli.stack_backend import StackBackend
    from harness.conversations.contracts import TurnOptions
    from harness.sdk.local import host_agents
    from harness.terminal.chat.inbox import ChatInbox
    from harness.terminal.chat.names import find_newest

    async with open_client(out, index=True, page=at_terminal()) as client:
        stored = await find_subject(client.connection, args.subject)
        agent = make_care_agent(args.model, stored)
        name = stored.subject.name
        clone = await open_clone(Path(stored.folder))
        where = client.connection.project / WORKSPACES / f"talk-{name}"
        place = (await open_worktree(clone, where, f"care/talk-{name}")).folder
        backend = StackBackend(client)
        again = f"harness care agent --subject {name} --continue"
        inbox = ChatInbox(
            backend, agent.name, out.note, title=f"Care of {name}", model=args.model,
            card=await find_newest(backend, agent.name) if getattr(args, "continue") else None,
            options=TurnOptions(workspace=str(place)), serve={agent.name: again},
        )  # fmt: skip
        async with host_agents(client.connection, capabilities_after=0) as harness:
            harness.allow_workspace(place)
            await harness.serve(agent)
            left = await hold_chat(inbox, out, ours=True)
        return await report_left(left, out, again)
