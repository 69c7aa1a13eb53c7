"""Permits: what proves to a worker that a run, an undo or a tool call is genuine.

The permit of a run is a nonce and a MAC over its whole spec, so that nobody can change the spec; it
serves one chain of executions, so that nobody can start the same run twice.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple, TypeVar

from harness.contracts.effect import UndoSpec, undo_id
from harness.contracts.message import ToolCall
from harness.contracts.run import RunSpec
from harness.contracts.tool import RunTool
from harness.store.database import Database
from harness.store.signing import Signer

Spec = TypeVar("Spec", RunSpec, UndoSpec)

NONCE_BYTES = 12
BIND = """
INSERT INTO harness.permit (nonce, origin) VALUES (%s, %s)
ON CONFLICT (nonce) DO UPDATE SET nonce = EXCLUDED.nonce RETURNING origin
"""
"""The update changes nothing; it makes a row that is there already come back."""


class Place(NamedTuple):
    """Where a tool call belongs: a MAC for one place does not serve in another."""

    origin: str
    """First run id of the run's chain of executions."""
    turn: int
    ordinal: int


def sign_run(signer: Signer, run: str, spec: RunSpec) -> RunSpec:
    """The spec with the permit to be started under the id `run`, once."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    mac = signer.sign("run", run, nonce, _signed_part(spec))
    return spec.model_copy(update={"permit": f"{nonce}.{mac}"})


def sign_undo(signer: Signer, spec: UndoSpec) -> UndoSpec:
    """The spec with the permit to be started once under the id of its undo."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    mac = signer.sign("undo", undo_id(spec.run), nonce, _signed_part(spec))
    return spec.model_copy(update={"permit": f"{nonce}.{mac}"})


def is_permitted(signer: Signer, workflow: str, spec: RunSpec | UndoSpec) -> bool:
    """Whether the spec's permit was made for exactly this spec under this id."""
    purpose = "run" if isinstance(spec, RunSpec) else "undo"
    nonce, _, mac = (spec.permit or "").partition(".")
    return signer.is_signed(mac, purpose, workflow, nonce, _signed_part(spec))


async def bind_permit(database: Database, permit: str, origin: str) -> str:
    """The chain of executions that the permit serves: `origin`, unless another was first."""
    nonce = permit.partition(".")[0]
    return (await database.fetch(BIND, (nonce, origin)))[0][0]


def sign_call(signer: Signer, place: Place, call: ToolCall) -> str:
    """Proves that `call_model` returned this call, with these arguments, in this place."""
    return signer.sign("call", *_words(place), _settled(call))


def is_call_signed(signer: Signer, origin: str, request: RunTool) -> bool:
    """Whether the call is as the model made it, or a person changed it who was asked about it."""
    place = Place(origin, request.turn, request.ordinal or 1)
    if request.edited:
        words = (*_words(place), request.call.id, request.call.name)
        return signer.is_signed(request.asked, "asked", *words)
    return signer.is_signed(request.signature, "call", *_words(place), _settled(request.call))


def sign_asked(signer: Signer, origin: str, request: RunTool) -> str:
    """Proves that a person was asked about this call, and may therefore change its arguments."""
    place = Place(origin, request.turn, request.ordinal or 1)
    return signer.sign("asked", *_words(place), request.call.id, request.call.name)


def _signed_part(spec: RunSpec | UndoSpec) -> bytes:
    """What all executions of a chain share, in bytes that are the same after a trip through JSON."""
    if isinstance(spec, RunSpec):
        own: dict[str, object] = {"carry": None, "permit": None}
    else:
        own = {"steps": (), "before": None, "permit": None}
    bare = spec.model_copy(update=own)
    return type(spec).model_validate_json(bare.wire()).wire()


def _settled(call: ToolCall) -> bytes:
    """The same bytes before and after a trip through JSON, which has no NaN and no infinity."""
    return ToolCall.model_validate_json(call.wire()).wire()


def _words(place: Place) -> tuple[str, str, str]:
    return place.origin, str(place.turn), str(place.ordinal)
