"""`harness prompt try`: print the prompt that a template makes, and run it."""

from __future__ import annotations

from argparse import Namespace

from harness.cli.out import Out
from harness.cli.runs.agents import choose_agent
from harness.cli.runs.attach import attend_run, leave_run
from harness.cli.runs.run import hosting_agent, worker_command
from harness.cli.values import check_model
from harness.prompts.client import Prompts
from harness.sdk.client import HarnessClient
from harness.terminal import exit_codes
from harness.terminal.input.interrupts import count_interrupts


async def try_prompt(client: HarnessClient, args: Namespace, out: Out) -> int:
    check_model(args.model)
    prompts = Prompts(client.connection)
    prompt = await prompts.read_words(args.prompt, args.var or ())
    filled = await prompts.fill(prompt)
    if out.json:
        out.line({"text": filled.text, "template": filled.pinned.model_dump(mode="json")})
    else:
        out.raw(filled.text)
    if args.agent is None:
        return exit_codes.DONE
    agent = choose_agent(args.agent)
    async with hosting_agent(client, agent) as harness:
        with count_interrupts() as counted:
            handle = await harness.start(agent, prompt, model=args.model)
            attended = await attend_run(handle, out, counted, leave=True)
    return await leave_run(client.get_run(handle.id), attended, out, worker_command(args.agent))
