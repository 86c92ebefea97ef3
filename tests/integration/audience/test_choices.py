"""What a reader changes on the settings page; pressing again changes nothing more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailer.audience.confirmation import CONSENT_VERSION
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.errors import NotFound
from mailer.storage.preferences import Preferences
from tests.integration.audience.own_settings import Visitor
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.storage.scene import BE, EN, NOW, RU, SLUG, release

WELCOME, GOODBYE = LetterKind.WELCOME, LetterKind.GOODBYE


@pytest.fixture
def visitor(room: Room) -> Visitor:
    """A subscribed reader at their settings."""
    room.subscribe()
    return Visitor(room).open()


def test_choices_are_kept(visitor: Visitor) -> None:
    """Each changes what it names and leaves the rest as it was."""
    until = NOW + timedelta(days=40)

    visitor.choose(BE, MissingRule(RU))
    visitor.take_break(until)
    visitor.be_discreet(is_discreet=True)
    assert visitor.page().preferences == Preferences(BE, MissingRule(RU), until, is_discreet=True)

    visitor.choose(RU)
    visitor.take_break(None)
    visitor.be_discreet(is_discreet=False)
    assert visitor.page().preferences == Preferences(RU)


def test_pressing_again_changes_nothing(visitor: Visitor) -> None:
    """Of any button."""

    def press() -> None:
        visitor.choose(BE, MissingRule(None))
        visitor.take_break(NOW + timedelta(days=7))
        visitor.be_discreet(is_discreet=True)
        visitor.add()

    press()
    before = visitor.room.store.contents()
    press()

    assert visitor.room.store.contents() == before


def test_a_newsletter_is_added_without_a_second_confirmation(visitor: Visitor) -> None:
    """The consent is recorded, and a welcome tells the owner of the address."""
    visitor.room.wait(minutes=20)

    visitor.add()

    assert visitor.room.standing(newsletter="other") is Standing.ACTIVE
    assert visitor.room.letters()[-1] is WELCOME
    other = visitor.page().memberships[0]
    assert (other.newsletter, other.consent_version, other.consent_language) == ("other", CONSENT_VERSION, EN)
    assert (other.consent_channel, other.consent_at) == ("settings page", NOW)


def test_adding_confirms_what_was_asked_for_before(visitor: Visitor) -> None:
    """And its confirm link says that it is done."""
    visitor.room.wait(minutes=1)
    visitor.room.sign_up(newsletter="other")

    visitor.add()

    assert visitor.room.standing(newsletter="other") is Standing.ACTIVE
    visitor.room.wait(days=30)
    visitor.room.forget_expired()
    assert visitor.room.standing(newsletter="other") is Standing.ACTIVE


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_adding_what_was_blocked_lifts_the_block(visitor: Visitor, standing: Standing) -> None:
    """Their mailbox works, and they want it: both are proven by the link."""
    visitor.add("other")
    visitor.room.suppress(standing)

    visitor.add(SLUG)

    assert visitor.room.standing() is Standing.ACTIVE
    assert visitor.room.store.rows("suppression") == []


def test_an_unknown_newsletter_is_refused(visitor: Visitor) -> None:
    """Nothing is stored."""
    before = visitor.room.store.contents()

    for press in (visitor.add, visitor.leave):
        with pytest.raises(NotFound):
            press("nowhere")

    assert visitor.room.store.contents() == before


def test_leaving_one_keeps_the_other(visitor: Visitor) -> None:
    """With a goodbye; the page is still there."""
    visitor.add()

    visitor.leave()

    assert visitor.page().active == ("other",)
    assert visitor.room.letters()[-1] is GOODBYE


def test_leaving_the_last_closes_the_page(visitor: Visitor) -> None:
    """The sealed address is gone at once, and with it everything that a link could change."""
    visitor.leave()

    assert visitor.room.reader().sealed_address is None
    assert [visitor.look(), visitor.add()] == [None, False]


def test_who_comes_back_takes_no_break(visitor: Visitor) -> None:
    """A break from before would keep the issues back that they sign up for."""
    visitor.take_break(NOW + timedelta(days=300))
    visitor.leave()
    visitor.room.wait(days=1)

    visitor.room.subscribe()

    assert visitor.room.store.rows("reader")[0]["paused_until"] is None


def test_leaving_takes_out_the_copies_that_wait(visitor: Visitor) -> None:
    """As the link in the mail does."""
    visitor.room.store.write(release)

    visitor.leave()

    (copy,) = visitor.room.store.rows("delivery")
    assert copy["state"] is DeliveryState.SKIPPED


def test_one_readers_link_changes_nobody_else(visitor: Visitor) -> None:
    """Two readers; the link of one leaves the other as they were."""
    visitor.room.subscribe("other@example.org")
    other = visitor.room.reader("other@example.org")
    before = visitor.room.store.rows("reader", id=other.id)

    visitor.choose(RU)
    visitor.be_discreet(is_discreet=True)
    visitor.leave(SLUG)

    assert visitor.room.store.rows("reader", id=other.id) == before
    assert visitor.room.standing("other@example.org") is Standing.ACTIVE
    assert visitor.room.standing(ADDRESS) is Standing.UNSUBSCRIBED
