"""Repair a project whose tests fail: in a sandbox, with approval of each edit, and undone.

python examples/code_fixer.py                  # offline: replies from code_fixer.replies.jsonl
python examples/code_fixer.py openai/gpt-5     # with a key

Its evaluation: harness eval code_fixer.toml, see docs/how-to/sandbox.md.
"""

import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from harness import Agent, Harness, Observed, ProviderSettings, load_settings
from harness.tools import edit_file, list_files, read_file, run_in_sandbox, run_shell, search_files

HERE = Path(__file__).parent
INSTRUCTIONS = """
You repair Python projects whose tests fail; each has its own folder. Run its tests with
`python3 -m unittest` in that folder. Find the cause in the code and edit it; the tests are right,
do not change them. Run the tests again, and say in one or two sentences what was wrong.
"""
SLUG = "broken/slug/slug.py"
LOOK = (list_files, read_file, search_files)

agent = Agent(
    "code-fixer",
    instructions=INSTRUCTIONS,
    tools=[*LOOK, run_shell, replace(edit_file, approval="always")],
)
# In an evaluation nobody is asked: each run edits its own copy.
unattended = Agent(
    "code-fixer-unattended", instructions=INSTRUCTIONS, tools=[*LOOK, run_shell, edit_file]
)


async def is_repaired(seen: Observed) -> tuple[bool, str]:
    """Whether the original tests pass with the repaired code, which runs in a sandbox."""
    assert seen.workspace is not None
    originals = HERE / "broken" / seen.case.id
    script = f"cp '{originals}'/test_* . && python3 -m unittest"
    ran = await run_in_sandbox(script, seen.workspace / seen.case.id, readable=[originals])
    return ran.code == 0, ran.output.strip().splitlines()[-1]


def keeps_tests(seen: Observed) -> bool:
    """Whether no test was edited."""
    edits = [each.arguments for each in seen.outcome.calls if each.name == "edit_file"]
    return not any("test_" in str(arguments) for arguments in edits)


async def repair(harness: Harness, model: str, folder: Path) -> None:
    prompt = "The tests of slug fail. Repair it."
    run = await harness.start(agent, prompt, model=model, workspace=folder)
    async for event in run.events():
        if event.type == "decision_requested":
            print(f"asked: {event.question}")
            await run.approve(event)
        elif event.type == "tool_call_finished" and event.name == "run_shell":
            print(f"run_shell: {event.content.splitlines()[-2:]}")
    print(await run.result())
    print("repaired:", (folder / "slug/slug.py").read_text().splitlines()[-1].strip())
    report = await run.undo()
    print(f"undone: {len(report.undone)} effects")
    print("as before:", (folder / "slug/slug.py").read_text() == (HERE / SLUG).read_text())


async def main() -> None:
    from recorded_model import read_replies, serve_replies

    folder = Path(tempfile.mkdtemp()) / "projects"
    shutil.copytree(HERE / "broken", folder)
    server = await serve_replies(read_replies(HERE / "code_fixer.replies.jsonl"))
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    recorded = ProviderSettings(kind="chat", base_url=address)
    settings = load_settings().model_copy(update={"providers": {"recorded": recorded}})
    model = sys.argv[1] if len(sys.argv) > 1 else "recorded/replies"
    async with server, Harness.local(settings=settings) as harness:
        await repair(harness, model, folder)


if __name__ == "__main__":
    asyncio.run(main())
