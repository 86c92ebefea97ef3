"""Retirement: a dead or unwilling mailbox is mailed no more, by the state table; and how that is undone."""

from __future__ import annotations

from datetime import datetime

from mailer.domain.consequence import UNDO_KEPT
from mailer.domain.subscription import UNDO_VALID, Event, Standing, step
from mailer.storage import Transaction, deliveries, preferences, readers, retirements
from mailer.storage.readers import Reader


def retire(tx: Transaction, reader: Reader, event: Event, now: datetime) -> bool:
    """
    Tell every subscription of a reader of a permanent bounce or a complaint; False when nothing changed.

    Of every newsletter, whichever the copy was of: a mailbox that is gone is gone for all, and whoever
    calls us spam must not hear from us under another title. Copies that wait are left out at once.

    After a bounce the reader is kept whole for UNDO_KEPT, for a bounce can be wrong and an operator must
    be able to undo it; who complained is forgotten as who left.
    """
    preferences.hold(tx, reader.id)
    has_changed = False
    for membership in preferences.memberships(tx, reader.id):
        follows = step(membership.standing, event)
        if follows.standing is membership.standing:
            continue
        has_changed = True
        _end(tx, reader, membership.newsletter, follows.standing, event=event, now=now)
        if follows.suppress:
            readers.suppress(tx, reader.address_index, _reason(event), f"{now:%Y-%m}")
    if event is Event.COMPLAINT and has_changed and not readers.has_live_subscription(tx, reader.id):
        readers.forget_address(tx, reader.id)
    return has_changed


def restore(tx: Transaction, reader: Reader, now: datetime) -> bool:
    """Subscribe a reader again whom a bounce has suppressed; False when there is nothing to restore."""
    preferences.hold(tx, reader.id)
    return retirements.restore(tx, reader, f"{now:%Y-%m}") > 0


def _end(
    tx: Transaction, reader: Reader, newsletter: str, standing: Standing, *, event: Event, now: datetime
) -> None:
    deliveries.skip_reader(tx, reader.id, newsletter, now)
    if standing is Standing.NONE:
        readers.end_subscription(tx, reader.id, newsletter)
        return
    kept = UNDO_KEPT if event is Event.BOUNCE else UNDO_VALID
    readers.set_standing(
        tx,
        reader.id,
        newsletter,
        standing,
        changed_month=f"{now:%Y-%m}",
        forget_at=now + kept,
    )


def _reason(event: Event) -> Standing:
    return Standing.COMPLAINED if event is Event.COMPLAINT else Standing.BOUNCED
