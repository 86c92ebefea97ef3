"""Rows that have outlived their time: found by reading, removed some at a time.

Finding may have to look through a million rows, and nobody else can write while a writer does. So it is
done beside the writer, and what is removed is asked again whether its time is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, delete, exists, select, true, update

from mailer.domain.delivery import DeliveryState
from mailer.domain.subscription import Standing
from mailer.storage import leavers
from mailer.storage.database import Transaction
from mailer.storage.desk_tables import desk_session
from mailer.storage.leavers import HAS_LEFT, READS_ANOTHER
from mailer.storage.tables import letter, letter_count, reader, signup_request, subscription
from mailer.storage.visit_tables import import_run, reader_link, spent_proof

_LIVE: Final = (Standing.PENDING, Standing.ACTIVE)


class Kept(StrEnum):
    """What is kept for a time, by the column that the time is counted from."""

    UNCONFIRMED = "subscription.confirm_until"
    """Sign-ups that nobody confirmed."""
    LEFT = "subscription.forget_at"
    """Readers who left, and imported ones whom nobody asked to confirm."""
    LETTER = "letter.not_after"
    COUNTER = "letter_count.sent_at"
    LINK = "reader_link.valid_until"
    PROOF = "spent_proof.until"
    REQUEST = "signup_request.received_at"
    IMPORT = "import_run.began_at"
    SESSION = "desk_session.expires_at"


class _Place(NamedTuple):
    """Where it is kept: by which key a row is found, and what must hold besides the time."""

    key: Column[Any]
    since: Column[Any]
    also: ColumnElement[bool] = true()


_PLACES: Final[Mapping[Kept, _Place]] = {
    Kept.UNCONFIRMED: _Place(
        subscription.c.reader_id, subscription.c.confirm_until, subscription.c.standing == Standing.PENDING
    ),
    # Without the row nothing would show that who reads another newsletter has left an imported one.
    Kept.LEFT: _Place(
        subscription.c.reader_id, subscription.c.forget_at, HAS_LEFT.is_not(true()) | ~READS_ANOTHER
    ),
    # Also one that a sender holds: it finds the row gone before the body.
    Kept.LETTER: _Place(letter.c.id, letter.c.not_after, letter.c.state != DeliveryState.INFLIGHT),
    Kept.COUNTER: _Place(letter_count.c.id, letter_count.c.sent_at),
    Kept.LINK: _Place(reader_link.c.link_hash, reader_link.c.valid_until),
    Kept.PROOF: _Place(spent_proof.c.digest, spent_proof.c.until),
    Kept.REQUEST: _Place(signup_request.c.id, signup_request.c.received_at),
    Kept.IMPORT: _Place(import_run.c.digest, import_run.c.began_at),
    Kept.SESSION: _Place(desk_session.c.token_hash, desk_session.c.expires_at),
}


def find(tx: Transaction, what: Kept, before: datetime, limit: int) -> list[Any]:
    """Return keys, at most *limit*, of what is counted from a time before *before* (aware UTC)."""
    place = _PLACES[what]
    return list(tx.scalars(select(place.key).where((place.since < before) & place.also).limit(limit)))


def remove(tx: Transaction, what: Kept, keys: Sequence[Any], before: datetime) -> int:
    """Remove what *find* found, as far as its time is still over; return how many rows.

    With the last subscription for which it is needed a reader's sealed address goes, and with the very
    last their row. Who left a list that was imported leaves a mark that they must not be mailed.
    """
    place = _PLACES[what]
    is_over = place.key.in_(keys) & (place.since < before) & place.also
    if what is Kept.LEFT:
        leavers.mark(tx, is_over)
    count = tx.execute(delete(place.key.table).where(is_over)).rowcount
    if place.key.table is subscription:
        # Only these readers are looked at: a pass over all of them would hold up every other write.
        _forget_readers(tx, keys)
    return count


def _forget_readers(tx: Transaction, ids: Sequence[int]) -> None:
    theirs = reader.c.id.in_(ids)
    any_left = exists().where(subscription.c.reader_id == reader.c.id)
    live_left = any_left.where(subscription.c.standing.in_(_LIVE))
    tx.execute(delete(reader).where(theirs & ~any_left))
    tx.execute(update(reader).where(theirs & ~live_left).values(sealed_address=None, paused_until=None))
