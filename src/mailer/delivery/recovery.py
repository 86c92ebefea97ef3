"""What dead processes left behind is put right: by any node, at start and every few seconds.

A copy that was in flight may have arrived, so it becomes unknown; one that was only claimed is
provably unsent and free again; a release that died is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.domain.issue import IssueMove
from mailer.domain.newsletter import UnknownPolicy
from mailer.storage import (
    Database,
    Transaction,
    chunks,
    deliveries,
    freeze,
    issues,
    letters,
    newsletters,
    nodes,
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found: chunks freed, copies and letters now unknown, releases undone."""

    chunks: int = 0
    copies: int = 0
    letters: int = 0
    releases: int = 0


async def recover(
    database: Database, dead: Sequence[str], *, now: datetime, resend_at: datetime
) -> Recovered:
    """Free everything that the nodes *dead* held; again changes nothing.

    Args:
        database: of the installation.
        dead: ids of nodes known dead.
        now: aware UTC.
        resend_at: when a copy that may have arrived is sent once more, where the newsletter says so.
    """
    if not dead:
        return Recovered()

    def put_right(tx: Transaction) -> Recovered:
        releases = _undo_releases(tx, dead)
        held = chunks.owned_by(tx, dead)
        torn = 0
        for chunk, owner in held:
            again = resend_at if _resends(tx, chunk.issue_id) else None
            torn += deliveries.recover(tx, chunk.id, now, resend_at=again)
            chunks.let_go(tx, chunk.id, owner, now)
        torn_letters = letters.recover(tx, dead, now)
        for node_id in dead:
            nodes.remove(tx, node_id)
        return Recovered(len(held), torn, torn_letters, releases)

    return await database.write(put_right)


def _undo_releases(tx: Transaction, dead: Sequence[str]) -> int:
    undone = 0
    for issue_id, node_id in issues.releasing(tx):
        if node_id in dead:
            undo_release(tx, issue_id, node_id)
            undone += 1
    return undone


def undo_release(tx: Transaction, issue_id: int, node_id: str) -> None:
    """Remove the slices of a release that did not end, and make the issue a draft again.

    Only while it is still the release of *node_id*: one that was undone meanwhile and begun anew by
    another process must not be touched.
    """
    if (issue_id, node_id) not in issues.releasing(tx):
        return
    freeze.remove_slices(tx, issue_id)
    issues.advance(tx, issue_id, IssueMove.FREEZE_LOST, releasing_node=None)


def _resends(tx: Transaction, issue_id: int) -> bool:
    newsletter = newsletters.pick(tx, issues.get(tx, issue_id).newsletter)
    return newsletter.unknown_policy is UnknownPolicy.RESEND
