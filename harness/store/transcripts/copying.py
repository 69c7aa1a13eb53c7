"""Copy transcript nodes from one store to another, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping

from harness.contracts.errors import TranscriptMissing
from harness.crypto.vault import Vault
from harness.store.database import Database
from harness.store.transcripts.chain import WALK, check_parent, parse_node
from harness.store.transcripts.node_writer import place_of_node

STEP = 10_000


async def read_nodes(
    database: Database, vault: Vault, head: str, known: Mapping[str, bytes], *, whole: bool = True
) -> dict[str, bytes]:
    """Read the nodes from `head` back to the first one, or to one in `known`; unless `whole`, only
    those that a model is called with."""
    found: dict[str, bytes] = {}
    at: str | None = head
    while at is not None and at not in known:
        rows = await database.fetch(WALK, (at, STEP))
        if not rows:
            raise TranscriptMissing(f"Transcript node {at} is not in this store.")
        for id, body in rows:
            if at is None or at in known:
                break
            check_parent(at, id)
            found[id] = await vault.decrypt_addressed(bytes(body), place_of_node(id))
            node = parse_node(id, found[id])
            at = node.before if whole else node.parent
    return found


async def put_nodes(database: Database, vault: Vault, run: str, nodes: Mapping[str, bytes]) -> None:
    """Store the nodes as content of `run`; existing nodes are left unchanged."""
    rows = [
        (id, parent_of(id, body), await vault.encrypt_addressed(run, body, place_of_node(id)))
        for id, body in nodes.items()
    ]
    columns = tuple([row[place] for row in rows] for place in range(3))
    await database.fetch(
        "INSERT INTO harness.node (id, parent, body) "
        "SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[]) ON CONFLICT DO NOTHING",
        columns,
    )


def parent_of(id: str, body: bytes) -> str | None:
    """Return the parent of a node; raises StoreError if the bytes do not match the address."""
    return parse_node(id, body).parent
