"""`harness prompt try`: print the prompt that a template makes, and run it."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from harness.cli.out import Out
from harness.cli.runs.agents import choose_agent
from harness.cli.runs.at_daemon import note_unserved, read_published
from harness.cli.runs.attach import attend_run, leave_run
from harness.cli.runs.run import hosting_agent, worker_command
from harness.cli.values import check_model
from harness.prompts.prompt import Prompt
from harness.terminal import exit_codes
from harness.terminal.input.interrupts import count_interrupts

if TYPE_CHECKING:
    from harness.cli.stack_backend import StackBackend
    from harness.remote.backend import RemoteBackend


async def try_prompt(backend: StackBackend | RemoteBackend, args: Namespace, out: Out) -> int:
    from harness.cli.stack_backend import StackBackend

    check_model(args.model)
    here = isinstance(backend, StackBackend)
    published = "" if here or args.agent is None else read_published(args.agent)
    prompt = await backend.read_prompt(args.prompt, args.var or ())
    filled = await backend.prompts.fill(prompt)
    if out.json:
        out.line({"text": filled.text, "template": filled.template.model_dump(mode="json")})
    else:
        out.raw(filled.text)
    if args.agent is None:
        return exit_codes.DONE
    if isinstance(backend, StackBackend):
        return await _run_here(backend, prompt, args, out)
    return await _run_at_daemon(backend, published, prompt, args, out)


async def _run_here(backend: StackBackend, prompt: Prompt, args: Namespace, out: Out) -> int:
    agent, client = choose_agent(args.agent), backend.client
    async with hosting_agent(client, agent) as harness:
        with count_interrupts() as counted:
            handle = await harness.start(agent, prompt, model=args.model)
            attended = await attend_run(handle, out, counted, leave=True)
    return await leave_run(client.get_run(handle.id), attended, out, worker_command(args.agent))


async def _run_at_daemon(
    backend: RemoteBackend, agent: str, prompt: Prompt, args: Namespace, out: Out
) -> int:
    with count_interrupts() as counted:
        handle = await backend.start_run(agent, prompt, model=args.model)
        await note_unserved(backend, agent, out)
        attended = await attend_run(handle, out, counted, leave=True)
    return await leave_run(handle, attended, out, worker_command(args.agent))
