"""Permits: what proves to a worker that a run, an undo or a tool call is genuine.

The permit of a run is a nonce and a MAC over its whole spec, so that nobody can change the spec; it
is valid for one chain of executions, so that nobody can start the same run twice. Used permits are
recorded permanently: a permit has no date, so a copy could be used again once its row is deleted,
and a run may wait for its first worker indefinitely. A row takes 145 bytes, less than the seal of
the run, which stays as well.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from harness.contracts.effect import UndoSpec, undo_id
from harness.contracts.message import ToolCall
from harness.contracts.permit import Pinned
from harness.contracts.run import RunSpec
from harness.contracts.tool import RunTool
from harness.crypto.signing import Signer
from harness.store.database import Database

NONCE_BYTES = 12
BIND = """
INSERT INTO harness.permit (mac, origin) VALUES (%s, %s)
ON CONFLICT (mac) DO UPDATE SET mac = EXCLUDED.mac RETURNING origin
"""
"""The update changes nothing; it makes the statement return an existing row."""


class Place(NamedTuple):
    """Where a tool call belongs: a MAC for one place is not valid in another."""

    origin: str
    """First run id of the run's chain of executions."""
    turn: int
    ordinal: int


class Start(NamedTuple):
    """How a capability's workflow was started."""

    workflow: str
    """Its id."""
    kind: str
    """Its type."""
    queue: str
    digest: str
    """Of its input."""


def sign_run(signer: Signer, run: str, spec: RunSpec) -> RunSpec:
    """Return the spec with a permit to start it under the id `run`, once."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    # The bytes after a trip through JSON, which has no NaN and no infinity.
    read = RunSpec.model_validate_json(spec.model_copy(update={"permit": nonce}).wire())
    mac = signer.sign("run", run, read.whole, read.pinned.wire())
    return spec.model_copy(update={"permit": f"{nonce}.{mac}"})


def is_run_signed(signer: Signer, run: str, mac: str, whole: str, pinned: Pinned) -> bool:
    """Whether the run with this id was signed with exactly this."""
    return signer.is_signed(mac, "run", run, whole, pinned.wire())


def is_spec_signed(signer: Signer, run: str, spec: RunSpec) -> bool:
    """Whether a spec was signed for the run with this id."""
    return is_run_signed(signer, run, mac_of(spec.permit or ""), spec.whole, spec.pinned)


def sign_undo(signer: Signer, spec: UndoSpec) -> UndoSpec:
    """Return the spec with a permit to start it once, under the id of its undo."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    mac = signer.sign("undo", undo_id(spec.run), nonce, _shared_wire(spec))
    return spec.model_copy(update={"permit": f"{nonce}.{mac}"})


def is_undo_signed(signer: Signer, workflow: str, spec: UndoSpec) -> bool:
    """Whether the undo was signed with exactly this spec, for this workflow."""
    nonce, _, mac = (spec.permit or "").partition(".")
    return signer.is_signed(mac, "undo", workflow, nonce, _shared_wire(spec))


def sign_start(signer: Signer, start: Start) -> str:
    """Make the permit to start a capability's workflow once."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    return f"{nonce}.{signer.sign('start', nonce, *start)}"


def is_start_signed(signer: Signer, permit: str, start: Start) -> bool:
    """Whether a workflow was started with this permit."""
    nonce, _, mac = permit.partition(".")
    return signer.is_signed(mac, "start", nonce, *start)


def sign_admitted(signer: Signer, queue: str, workflow: str, run_id: str) -> str:
    """Make the mark of an execution of a capability's workflow that a worker has admitted."""
    return signer.sign("admitted", queue, workflow, run_id)


def sign_member(signer: Signer, run: str, run_id: str) -> str:
    """Make the mark of an execution that continues the run, or was reset from it."""
    return signer.sign("member", run, run_id)


def mac_of(permit: str) -> str:
    return permit.partition(".")[2]


async def bind_permit(database: Database, mac: str, origin: str) -> str:
    """Bind a permit to the first chain of executions that uses it; returns that chain's origin."""
    return (await database.fetch(BIND, (mac, origin)))[0][0]


async def is_bound(database: Database, mac: str) -> bool:
    """Whether something is bound to this MAC."""
    return bool(await database.fetch("SELECT 1 FROM harness.permit WHERE mac = %s", (mac,)))


def sign_call(signer: Signer, place: Place, call: ToolCall) -> str:
    """Sign a call that `call_model` returned, with its arguments, for this place."""
    return signer.sign("call", *_place_fields(place), _canonical_wire(call))


def is_call_signed(signer: Signer, origin: str, request: RunTool) -> bool:
    """Whether the call is as the model made it, or was changed by the person asked about it."""
    place = Place(origin, request.turn, request.ordinal or 1)
    if request.edited:
        words = (*_place_fields(place), request.call.id, request.call.name)
        return signer.is_signed(request.asked, "asked", *words)
    return signer.is_signed(
        request.signature, "call", *_place_fields(place), _canonical_wire(request.call)
    )


def sign_asked(signer: Signer, origin: str, request: RunTool) -> str:
    """Sign that a person was asked about this call, and may therefore change its arguments."""
    place = Place(origin, request.turn, request.ordinal or 1)
    return signer.sign("asked", *_place_fields(place), request.call.id, request.call.name)


def _shared_wire(spec: UndoSpec) -> bytes:
    """Encode what all executions of an undo share."""
    own: dict[str, object] = {"steps": (), "before": None, "permit": None}
    return spec.model_copy(update=own).wire()


def _canonical_wire(call: ToolCall) -> bytes:
    """Encode a call to the same bytes before and after JSON, which has no NaN and no infinity."""
    return ToolCall.model_validate_json(call.wire()).wire()


def _place_fields(place: Place) -> tuple[str, str, str]:
    return place.origin, str(place.turn), str(place.ordinal)
