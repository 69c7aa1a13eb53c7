"""Who owns a run, as its signed spec has it.

Not from the search attribute, which costs one request as well: whoever reaches Temporal can start a
workflow with any attribute. The spec is covered by the run's permit, so an owner counts only where
somebody with the signing key started the run for them. Lists go by the attribute: it finds runs,
and proves nothing.
"""

from __future__ import annotations

from harness.contracts.run import RunSpec
from harness.crypto.signing import Signer
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found
from harness.history import reader
from harness.store.permits import is_spec_signed


async def read_owner(connection: Connection, run: str) -> str | None:
    """Read the owner of a run, also of a sealed one; None if it has none, or no valid permit.

    Raises:
        RunNotFound: No run has this id.
    """
    spec = await reader.read_spec(connection, run)
    if spec is None:
        raise run_not_found(run)
    return find_owner(await connection.signing.get_signer(), run, spec)


def find_owner(signer: Signer, run: str, spec: RunSpec) -> str | None:
    """The owner in the spec of a run with this id; None unless the spec was signed for the run."""
    if spec.owner is None:
        return None
    return spec.owner if is_spec_signed(signer, run, spec) else None
