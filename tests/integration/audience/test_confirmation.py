"""Confirming: looking changes nothing, pressing subscribes once."""

from __future__ import annotations

import pytest

from mailer.audience import confirmation, signup
from mailer.audience.confirmation import CONSENT_VERSION, ConfirmLink, LinkState
from mailer.audience.signup import SignUpForm
from mailer.domain.content import LetterKind
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from tests.integration.audience.reading_room import ADDRESS, Room, both, pressed_together
from tests.integration.storage.scene import NOW, RU, SLUG, Store

OPEN, DONE, LATE = (ConfirmLink(state, (SLUG,)) for state in (LinkState.OPEN, LinkState.DONE, LinkState.LATE))
USED, DEAD = ConfirmLink(LinkState.USED), ConfirmLink(LinkState.DEAD)
CONFIRM, WELCOME = LetterKind.CONFIRM, LetterKind.WELCOME


def test_confirming_subscribes_and_welcomes(room: Room) -> None:
    """One welcome letter; the page says done."""
    room.sign_up()

    assert room.confirm() == DONE
    assert room.standing() is Standing.ACTIVE
    assert room.letters() == [CONFIRM, WELCOME]


def test_looking_changes_nothing(room: Room) -> None:
    """Mail programs open links to look at them."""
    room.sign_up()
    before = room.store.contents()

    assert [room.look(), room.look()] == [OPEN, OPEN]
    assert room.store.contents() == before


def test_confirming_again_changes_nothing(room: Room) -> None:
    """No second welcome; until its time is over, the link says that it was used."""
    room.sign_up()
    room.confirm()
    before = room.store.contents()

    assert [room.confirm(), room.look()] == [USED, USED]
    assert room.store.contents() == before
    room.wait(hours=72, seconds=1)
    assert [room.confirm(), room.look()] == [DEAD, DEAD]


def test_pressing_twice_at_the_same_moment_welcomes_once(room: Room) -> None:
    """A double click is two requests."""
    room.sign_up()
    pressed = [
        confirmation.confirm(room.store.database, room.vault, room.secret(), now=room.now) for _ in range(2)
    ]

    answers = room.run(both(*pressed))

    # Which of them is written first is the machine's affair.
    assert answers in ([DONE, USED], [USED, DONE])
    assert room.letters() == [CONFIRM, WELCOME]


def test_a_link_works_for_72_hours(room: Room) -> None:
    """Then it confirms nothing, and is still known as ours, so that the page can offer a new mail."""
    room.sign_up()
    room.wait(hours=72)
    assert room.look() == OPEN

    room.wait(seconds=1)

    assert [room.look(), room.confirm()] == [LATE, LATE]
    assert room.standing() is Standing.PENDING


def test_a_late_link_is_exchanged_by_one_press(room: Room) -> None:
    """The same newsletters, language and choice, asked anew in one mail; the old link is dead then."""
    room.sign_up(language=RU, missing=MissingRule(None), also=("other",))
    late = room.secret()
    room.wait(hours=72, seconds=1)

    room.renew(late)
    room.decide()

    assert room.letters() == [CONFIRM, CONFIRM]
    assert room.look(late) == DEAD
    assert room.confirm().newsletters == (SLUG, "other")
    assert (room.reader().language, room.reader().missing_choice) == (RU, MissingRule(None))


def test_a_late_link_is_capped_like_a_sign_up(room: Room) -> None:
    """Pressed again and again it sends one mail a day, as if the address had been typed."""
    room.sign_up()
    late = room.secret()
    room.wait(hours=72, seconds=1)
    for _ in range(3):
        room.renew(late)

    assert (room.decide(), room.letters()) == (3, [CONFIRM, CONFIRM])


def test_only_a_late_link_is_exchanged(room: Room) -> None:
    """An open one, a used one and one that was never ours write nothing."""
    room.sign_up()
    secret, before = room.secret(), room.store.contents()
    room.renew(secret)
    room.renew("never ours")
    assert room.store.contents() == before

    room.confirm()
    room.wait(days=4)
    room.renew(secret)

    assert room.store.rows("signup_request") == []


def test_an_invitation_is_exchanged_for_an_invitation(room: Room) -> None:
    """How the address came to us stays on record."""
    form = SignUpForm(ADDRESS, (SLUG,), RU, source="at a conference")
    room.run(signup.receive(room.store.database, room.vault, form, now=room.now))
    room.decide()
    (secret,) = (values["secret"] for values in room.opened_letters())
    room.wait(days=14, seconds=1)

    room.renew(secret)
    room.decide()

    assert room.letters() == [LetterKind.INVITE, LetterKind.INVITE]
    assert [row["consent_channel"] for row in room.store.rows("subscription")] == ["at a conference"]


@pytest.mark.parametrize("secret", ["", "x", "ў" * 43, "\ud800", "A" * 100_000])
def test_a_link_that_is_not_ours_is_dead(room: Room, secret: str) -> None:
    """Whatever it is."""
    room.sign_up()
    before = room.store.contents()

    pressed = confirmation.confirm(room.store.database, room.vault, secret, now=room.now)
    looked = confirmation.look_up(room.store.database, secret, now=room.now)

    assert [room.run(pressed), room.run(looked)] == [DEAD, DEAD]
    assert room.store.contents() == before


@pytest.mark.parametrize("standing", [None, Standing.BOUNCED, Standing.COMPLAINED])
def test_a_used_link_tells_nothing_of_its_reader(room: Room, standing: Standing | None) -> None:
    """Who has left is not subscribed again by an old mail, nor is who was suppressed; nor is it told."""
    room.sign_up()
    secret = room.secret()
    room.confirm()
    if standing is None:
        room.unsubscribe(room.link(room.reader()))
    else:
        room.suppress(standing)

    assert [room.confirm(secret), room.look(secret)] == [USED, USED]
    assert room.standing() is (standing or Standing.UNSUBSCRIBED)


def test_consent_is_recorded_to_the_hour(room: Room) -> None:
    """Which words, in which language, by which way; no finer, and nothing about the machine."""
    room.sign_up(language=RU)
    room.wait(minutes=59)

    room.confirm()

    (row,) = room.store.rows("subscription")
    assert {name: row[name] for name in row if name.startswith("consent") or name == "changed_month"} == {
        "consent_version": CONSENT_VERSION,
        "consent_language": RU,
        "consent_channel": "sign-up form",
        "consent_at": NOW,
        "changed_month": "2026-11",
    }


def test_two_processes_confirm_at_the_same_moment(room: Room, other_store: Store, database_url: str) -> None:
    """One welcome, also when the pages run on two machines."""
    room.sign_up()
    pressed = [
        confirmation.confirm(store.database, room.vault, room.secret(), now=room.now)
        for store in (room.store, other_store)
    ]

    answers = room.run(pressed_together(room, database_url, *pressed))
    assert {answer.state for answer in answers} == {LinkState.DONE, LinkState.USED}
    assert room.letters() == [CONFIRM, WELCOME]
