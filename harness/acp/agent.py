"""The agent that an editor talks to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.acp.prompt import read_prompt
from harness.acp.turn import Conversation, begin_turn, follow_turn
from harness.acp.updates import replay_updates
from harness.agent import Agent
from harness.contracts.errors import HarnessError
from harness.contracts.event import RunEnded
from harness.contracts.run import RunState
from harness.sdk.client import HarnessClient
from harness.sdk.session import Session
from harness.version import __version__

if TYPE_CHECKING:
    from acp import Client, schema

PROTOCOL = 1


class AcpAgent:
    """Answers an editor: each session is a session of runs of one agent."""

    def __init__(self, client: HarnessClient, agent: Agent[Any, Any] | str) -> None:
        self._client = client
        self._agent = agent
        self._open: dict[str, Conversation] = {}
        self._editor: Client | None = None

    def on_connect(self, conn: Client) -> None:
        """The editor is there."""
        self._editor = conn

    async def initialize(self, protocol_version: int, **_: Any) -> schema.InitializeResponse:
        """Say what the agent can do."""
        from acp import schema

        return schema.InitializeResponse(
            protocol_version=min(protocol_version, PROTOCOL) or PROTOCOL,
            agent_capabilities=schema.AgentCapabilities(
                load_session=True,
                prompt_capabilities=schema.PromptCapabilities(embedded_context=True),
            ),
            agent_info=schema.Implementation(name="harness", version=__version__),
        )

    async def new_session(self, cwd: str, **_: Any) -> schema.NewSessionResponse:
        """Open a session in a folder."""
        from acp import schema

        session = Session(self._client)
        self._open[session.id] = Conversation(session, _read_folder(cwd))
        return schema.NewSessionResponse(session_id=session.id)

    async def load_session(self, cwd: str, session_id: str, **_: Any) -> schema.LoadSessionResponse:
        """Open a session again: the editor is shown what was said and done."""
        from acp import RequestError, schema

        try:
            session = Session(self._client, session_id)
            runs = await session.list_runs()
        except HarnessError as error:
            raise _refusal(error) from None
        if not runs:
            raise RequestError.resource_not_found(session_id[:250])
        conversation = Conversation(session, _read_folder(cwd))
        for id in runs:
            run = self._client.get_run(id)
            events = await run.trace()
            for update in replay_updates(events):
                await self._the_editor.session_update(session_id, update)
            conversation.run = run
            conversation.shown = {str(event.cursor) for event in events}
        self._open[session_id] = conversation
        return schema.LoadSessionResponse()

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> schema.PromptResponse:
        """Answer a prompt. The run goes on if the editor leaves."""
        from acp import RequestError, schema

        conversation = self._find(session_id)
        if conversation.busy:
            raise RequestError.invalid_request({"reason": "a prompt is being answered"})
        conversation.busy, conversation.cancelled = True, False
        try:
            await begin_turn(conversation, self._agent, read_prompt(prompt))
            if conversation.cancelled:
                await self.cancel(session_id)
            end = await follow_turn(self._the_editor, self._client.connection, conversation)
        except HarnessError as error:
            raise _refusal(error) from None
        finally:
            conversation.busy = False
        return schema.PromptResponse(stop_reason=_stop_reason(conversation, end))

    async def cancel(self, session_id: str, **_: Any) -> None:
        """Stop answering: the run is aborted, and keeps what it has so far."""
        conversation = self._find(session_id)
        conversation.cancelled = True
        if conversation.run is not None:
            try:
                await conversation.run.abort("cancelled in the editor")
            except HarnessError:
                return  # it has ended already

    @property
    def _the_editor(self) -> Client:
        assert self._editor is not None
        return self._editor

    def _find(self, session: str) -> Conversation:
        from acp import RequestError

        if session not in self._open:
            raise RequestError.invalid_params({"reason": f"no open session {session[:250]!r}"})
        return self._open[session]


def _stop_reason(conversation: Conversation, end: RunEnded | None) -> schema.StopReason:
    if conversation.cancelled:
        return "cancelled"
    if end is None or end.state is RunState.COMPLETED:
        return "max_tokens" if end and end.truncated else "end_turn"
    if end.error is not None:
        from acp import RequestError

        told = {"code": end.error.code, "fix": end.error.fix}
        raise RequestError(-32603, end.error.message, told)
    return "max_turn_requests"  # a budget of the agent, or somebody else, has stopped it


def _read_folder(cwd: str) -> Path | None:
    """The folder that file tools work in, if the agent has such tools."""
    from acp import RequestError

    folder = Path(cwd)
    if "\0" in cwd or not folder.is_absolute() or not folder.is_dir():
        raise RequestError.invalid_params({"reason": f"{cwd[:250]!r} is not an absolute folder"})
    return folder


def _refusal(error: HarnessError) -> Exception:
    from acp import RequestError

    return RequestError(-32603, error.message, {"code": error.code, "fix": error.fix})
