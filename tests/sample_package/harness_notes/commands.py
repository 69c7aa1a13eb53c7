"""The commands of notes."""

from argparse import Namespace

from harness.extensions import JSON, Command, Out, arg

COMMANDS = (
    Command(
        "note",
        "Save a note.",
        "harness_notes.commands:save",
        (arg("text", metavar="TEXT", help="What to note."), JSON),
    ),
    Command(
        "agent-tools",
        "List the tools of an agent that a worker serves.",
        "harness_notes.commands:show_agent_tools",
        (arg("agent", metavar="AGENT", help="The agent's name."), JSON),
    ),
    Command("notes", "List the notes.", "harness_notes.commands:show", (JSON,)),
)


async def save(args: Namespace, out: Out) -> int:
    from harness.extensions import new_id, open_client, run_workflow
    from harness_notes.capability import NOTES

    async with open_client(out) as client:
        id = new_id("note")
        saved = await run_workflow(client.connection, NOTES, "SaveNote", args.text, id=id)
    out.line({"saved": saved}) if out.json else out.raw(f"Saved: {saved}")
    return 0


async def show(args: Namespace, out: Out) -> int:
    from harness.extensions import open_client
    from harness_notes import store

    async with open_client(out) as client:
        for text in await store.read_notes(client.connection.database):
            out.line({"note": text}) if out.json else out.raw(text)
    return 0


async def show_agent_tools(args: Namespace, out: Out) -> int:
    from harness.extensions import new_id, open_client, run_workflow
    from harness_notes.capability import NOTES

    name = args.agent
    async with open_client(out) as client:
        id = new_id("tools")
        text = await run_workflow(
            client.connection, NOTES, "ListAgentTools", name, id=id, agent=name
        )
    out.line({"tools": text}) if out.json else out.raw(text)
    return 0
