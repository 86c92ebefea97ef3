"""Providers' calls at the real pages: stored once, whatever comes in whatever order, and followed."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.domain.consequence import Effect
from mailer.domain.subscription import Standing
from mailer.web.hooks.trust import NOBODY
from tests.integration.bounces.doorstep import (
    DOORS,
    GONE,
    Doorstep,
    a_bounce,
    address,
    of_copy,
    token_of,
)
from tests.integration.bounces.hook_callers import (
    Callers,
)
from tests.integration.bounces.sorting_room import SortingRoom
from tests.unit.bounces.provider_events import brevo, mailgun, sendgrid


@pytest.mark.parametrize("door", DOORS)
def test_a_bounce_ends_the_subscription_it_is_about(
    room: SortingRoom, doorstep: Doorstep, fresh: Callers, door: str
) -> None:
    """From a provider's call to the reader's standing: stored, read and followed, once."""
    gone, other = room.subscribe(2)
    issue = room.send()
    bounce = a_bounce(fresh, door, token_of(room, gone, issue), gone)

    assert doorstep.bring(bounce, bounce) == [200, 200]
    doorstep.read()

    assert room.standing(gone) is Standing.BOUNCED
    assert room.standing(other) is Standing.ACTIVE
    assert room.effects() == [Effect.SUPPRESSED]
    assert len(room.store.rows("report")) == 1
    assert fresh.stored == [None]


@pytest.mark.parametrize("door", DOORS)
def test_a_copy_without_our_token_is_known_by_its_address(
    room: SortingRoom, doorstep: Doorstep, fresh: Callers, door: str
) -> None:
    """A provider that proved itself may name a reader to whom we wrote lately."""
    (gone,) = room.subscribe()
    room.send()

    doorstep.bring(a_bounce(fresh, door, "", gone))
    doorstep.read()

    assert room.standing(gone) is Standing.BOUNCED


def test_in_whatever_order_the_end_is_the_same(room: SortingRoom, doorstep: Doorstep, fresh: Callers) -> None:
    """Row 45: doubled, shuffled and replayed with false proofs between, the same readers are stopped."""
    seven = room.subscribe(7)
    issue = room.send()
    soft = sendgrid("bounce", type="blocked", reason="550 5.7.1 spam", sg_event_id="soft")
    tokens = [token_of(room, each, issue) for each in seven]
    calls = [
        *(a_bounce(fresh, door, tokens[n], seven[n], f"n{n}") for n, door in enumerate(DOORS)),
        fresh.sendgrid(address(of_copy(soft, tokens[5]), seven[5])),
        fresh.brevo(address(of_copy(brevo("spam"), tokens[6]), seven[6])),
    ]
    forged = fresh.brevo(address(of_copy(brevo("hard_bounce", reason=GONE), tokens[5]), 6), token=b"guessed")
    shuffled = [*calls, *calls, forged, *calls]
    random.Random(45).shuffle(shuffled)

    answers = doorstep.bring(*shuffled)
    doorstep.read()
    again = doorstep.bring(*calls)
    doorstep.read()

    assert answers.count(200) == 3 * len(calls)
    assert answers.count(401) == 1
    assert set(again) == {200}
    assert [room.standing(each) for each in seven] == [
        *[Standing.BOUNCED] * 5,
        Standing.ACTIVE,
        Standing.COMPLAINED,
    ]
    assert len(room.store.rows("report")) == len(calls)


def test_one_call_may_bring_many_events(room: SortingRoom, doorstep: Doorstep, fresh: Callers) -> None:
    """SendGrid's lists are stored whole, larger than any form; opens and deliveries are not stored."""
    events = [sendgrid("bounce", reason=GONE, sg_event_id=f"b{n}") for n in range(400)]
    opened = [sendgrid("open", sg_event_id=f"o{n}") for n in range(5)]

    assert doorstep.bring(fresh.sendgrid(*events, *opened), fresh.sendgrid(*events[:30])) == [200, 200]

    assert len(room.store.rows("report")) == len(events)


def test_a_token_of_mailgun_counts_once(room: SortingRoom, doorstep: Doorstep, fresh: Callers) -> None:
    """Its signature does not cover what it says: brought again with other words, it brings nothing."""
    first, second = room.subscribe(2)
    issue = room.send()
    complaints = [
        address(of_copy(mailgun("complained", id=f"c{each}"), token_of(room, each, issue)), each)
        for each in (first, second)
    ]

    answers = doorstep.bring(*(fresh.mailgun(each, token="overheard") for each in complaints))
    doorstep.read()

    assert answers == [200, 200]
    assert [room.standing(each) for each in (first, second)] == [Standing.COMPLAINED, Standing.ACTIVE]


def test_who_is_not_set_up_has_no_address(room: SortingRoom, fresh: Callers, tmp_path: Path) -> None:
    """Without [webhooks] every call is answered 404, even with what would be its proof."""
    doorstep = Doorstep(room, replace(NOBODY, fetch=fresh.fetch), tmp_path)

    assert doorstep.bring(*(a_bounce(fresh, door) for door in DOORS)) == [404] * len(DOORS)
    assert fresh.fetched == []


def test_while_the_database_is_away_they_come_again(
    room: SortingRoom, doorstep: Doorstep, fresh: Callers
) -> None:
    """503, and nothing half done: the second call brings what the first could not."""
    bounce = a_bounce(fresh, "mailgun")
    room.store.write(lambda tx: tx.execute(text("ALTER TABLE report RENAME TO report_away")))

    assert doorstep.bring(bounce) == [503]

    room.store.write(lambda tx: tx.execute(text("ALTER TABLE report_away RENAME TO report")))
    assert doorstep.bring(bounce) == [200]
    assert len(room.store.rows("report")) == 1
