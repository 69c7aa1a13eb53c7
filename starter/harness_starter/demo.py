"""The demo: run an agent, show each step, then ask for more prompts.

make run
PROMPT="What is 6 * 7?" make run
MODEL=openai/gpt-5 make run         (with OPENAI_API_KEY; anthropic/... with ANTHROPIC_API_KEY)
"""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from harness import Agent
from harness.api.settings import ApiSettings
from harness.config import load_project, resolve_provider
from harness.config.providers import key_places, needs_key
from harness.config.settings import Settings
from harness.contracts.errors import PortInUse
from harness.contracts.event import RunEnded
from harness.contracts.run import RunState
from harness.engine.connection import Connection, open_connection
from harness.sdk.local import host_agents
from harness.sdk.session import Session
from harness.stack import open_stack
from harness.terminal import exit_codes
from harness.terminal.input.attend import Attendance, Why
from harness.terminal.input.decide import LinePerson, make_ask
from harness.terminal.input.interrupts import count_interrupts
from harness.terminal.input.keyboard import at_terminal, read_answer
from harness.terminal.logs import configure_project_logs
from harness.terminal.view.console import make_console
from harness.terminal.view.live import RunView
from harness.tools import ask_human, echo, list_files, math, now, read_file

if TYPE_CHECKING:
    from harness_daemon.daemon import Address

PROMPT = "What time is it? Then work out 17 * 23 and 2 ** 10."
OFFLINE = "offline/demo"

agent = Agent(
    "demo",
    instructions="Use the tools where they help: math for every calculation. Answer briefly.",
    tools=[math, now, echo, list_files, read_file, ask_human],
)
screen = make_console()


async def main() -> int:
    project, settings = load_project(Path.cwd())
    configure_project_logs(settings)
    model, why = choose_model(settings, os.environ.get("MODEL") or settings.model)
    async with AsyncExitStack() as stack:
        opening = open_stack(settings, project, page=True, progress=print_note)
        endpoints = await stack.enter_async_context(opening)
        connection = await stack.enter_async_context(open_connection(settings, endpoints, project))
        harness = await stack.enter_async_context(host_agents(connection))
        for note in endpoints.notes:
            print_note(note)
        if at_terminal():  # elsewhere the demo ends with its first run
            await serve_api(stack, connection)
        print_note(f"Model: {model} ({why})")
        screen.print()
        return await run_prompts(harness.session(), model)


async def serve_api(stack: AsyncExitStack, connection: Connection) -> None:
    """Serve the web page and the HTTP API while the demo stays open."""
    from harness_daemon.daemon import Address, open_daemon

    settings = connection.settings.section(ApiSettings)
    address = Address(settings.host, settings.port)
    try:
        bound = bind_free(address)
        daemon = await stack.enter_async_context(open_daemon(connection, settings, address, bound))
    except PortInUse as error:
        print_note(f"No web page: {error.message}")
        return
    screen.print(f"Page:  {await daemon.make_sign_in_link()}", soft_wrap=True, highlight=False)
    print_note("       The link signs a browser in once, within 10 minutes.")
    print_note("       For another link: .venv/bin/harness user link local")


def bind_free(address: Address) -> socket:
    """A socket at the address, or at a free port of the host: another demo may have the first.

    Raises:
        PortInUse: The host is not this machine's.
    """
    from harness_daemon.daemon import bind_address

    try:
        return bind_address(address)
    except PortInUse:
        bound = bind_address(address._replace(port=0))
        print_note(f"Port {address.port} is taken, so the page is at another one.")
        return bound


def choose_model(settings: Settings, wanted: str) -> tuple[str, str]:
    """The model to use, and why: a named one needs the key of its provider."""
    provider = wanted.partition("/")[0]
    if wanted == OFFLINE:
        have = [name for name in ("openai", "anthropic") if has_key(settings, name)]
        hint = (
            f"MODEL={have[0]}/... uses your key" if have else "for a real one, set MODEL and a key"
        )
        return OFFLINE, f"a small rule-based program, not a language model; {hint}"
    if has_key(settings, provider) or not needs_key(provider, resolve_provider(settings, provider)):
        return wanted, "named by MODEL or the settings"
    return OFFLINE, f"{wanted} needs a key: set {key_places(provider)[0]}"


def has_key(settings: Settings, provider: str) -> bool:
    return resolve_provider(settings, provider).api_key is not None


async def run_prompts(session: Session, model: str) -> int:
    """Run the first prompt, and at a terminal all that follow."""
    asked: str | None = os.environ.get("PROMPT") or PROMPT
    code = exit_codes.DONE
    print_note(f"> {asked}")
    stays = at_terminal()
    while asked is not None:
        if asked:
            code = await run_prompt(session, asked, model)
            if code == exit_codes.INTERRUPTED:
                return code
        if not stays:
            print_note("Temporal stops now. To see the run in a browser: .venv/bin/harness serve")
            return code
        print_note("\nThe page is served until Ctrl-C. Ask something else:")
        asked = await read_answer("> ")
    return code


async def run_prompt(session: Session, asked: str, model: str) -> int:
    run: Any = await session.start(agent, asked, model=model)
    view = RunView(screen, run.url)
    with count_interrupts() as counted:
        ask = make_ask(LinePerson(view)) if at_terminal() else None
        attended = await Attendance(run, view, counted, ask=ask, leave=ask is None).attend_run()
    if attended.why is Why.WAITING:
        print_note(f"The run is waiting for a decision: harness show {run.id}")
        return exit_codes.WAITING
    return _exit_code(attended.ended)


def _exit_code(ended: RunEnded | None) -> int:
    if ended is None:
        return exit_codes.INTERRUPTED
    return {RunState.COMPLETED: exit_codes.DONE, RunState.ABORTED: exit_codes.ABORTED}.get(
        ended.state, exit_codes.FAILED
    )


def print_note(text: str) -> None:
    screen.print(text, style="quiet", soft_wrap=True)


if __name__ == "__main__":
    exit_codes.run_script(main)
