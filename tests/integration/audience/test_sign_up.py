"""Signing up: the page never looks, the sending process decides by the state table."""

from __future__ import annotations

import pytest

from mailer.audience import signup
from mailer.audience.address import NotAnAddress
from mailer.audience.confirmation import CONSENT_VERSION
from mailer.audience.signup import SignUpForm
from mailer.domain.content import LetterKind
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Event, Standing, step
from mailer.domain.token import PUBLIC_ID_BYTES
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.storage.scene import BE, EN, RU, SLUG

CONFIRM, ALREADY = LetterKind.CONFIRM, LetterKind.ALREADY
PENDING, ACTIVE = Standing.PENDING, Standing.ACTIVE


def bring_to(room: Room, standing: Standing) -> None:
    """Bring the reader where they stand before the test begins, a day ago."""
    if standing is Standing.NONE:
        return
    room.sign_up()
    if standing is not PENDING:
        room.confirm()
    if standing is Standing.UNSUBSCRIBED:
        room.unsubscribe(room.link(room.reader()))
    elif standing in (Standing.BOUNCED, Standing.COMPLAINED):
        room.suppress(standing)
    elif standing is Standing.BLOCKED:
        room.erase(keeps_block=True)
    room.wait(hours=24)


@pytest.mark.parametrize("standing", Standing)
def test_a_sign_up_is_decided_by_the_state_table(room: Room, standing: Standing) -> None:
    """Where the reader stands afterwards, and the one letter that goes out."""
    bring_to(room, standing)
    follows = step(standing, Event.SIGN_UP)

    sent = room.sign_up()

    assert sent == [kind for kind in [follows.letter] if kind]
    assert (room.mark() if standing is Standing.BLOCKED else room.standing()) is follows.standing
    assert room.store.rows("signup_request") == []


@pytest.mark.parametrize("mark", [Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED])
def test_a_mark_without_a_row_counts_as_the_row_would(room: Room, mark: Standing) -> None:
    """Who was erased, or left an imported list, is asked to confirm; that lifts the mark."""
    room.set_mark(mark)

    sent = room.sign_up()

    assert (sent, room.standing(), room.mark()) == ([CONFIRM], PENDING, mark)
    room.confirm()
    assert (room.standing(), room.mark()) == (ACTIVE, None)


def test_who_asked_never_to_be_mailed_is_not(room: Room) -> None:
    """Whoever types the address, for whichever newsletter; nothing of it is stored or counted."""
    room.set_mark(Standing.BLOCKED)
    before = room.store.contents()

    sent = [room.sign_up(), room.sign_up(ADDRESS.upper(), newsletter="other", also=(SLUG,))]

    assert sent == [[], []]
    assert room.store.contents() == before


def test_the_newsroom_can_invite_who_asked_never_to_be_mailed(room: Room) -> None:
    """They have changed their mind and wrote in; the mark stays until they confirm."""
    room.set_mark(Standing.BLOCKED)
    form = SignUpForm(ADDRESS, (SLUG,), EN, source="wrote to us")

    room.run(signup.receive(room.store.database, room.vault, form, now=room.now))
    room.decide()

    assert (room.letters(), room.mark()) == ([LetterKind.INVITE], Standing.BLOCKED)
    assert room.sign_up() == []
    room.confirm(room.opened_letters()[-1]["secret"])
    assert (room.standing(), room.mark()) == (ACTIVE, None)


def test_a_new_sign_up_clears_what_was_agreed_to_before(room: Room) -> None:
    """Until it is confirmed nothing is agreed to; then the record has all four."""
    bring_to(room, Standing.UNSUBSCRIBED)
    names = ("consent_version", "consent_language", "consent_channel", "consent_at")

    room.sign_up(language=BE)
    (asked,) = room.store.rows("subscription")
    room.wait(minutes=90)
    room.confirm()
    (agreed,) = room.store.rows("subscription")

    assert [asked[name] for name in names] == [None, None, "sign-up form", None]
    hour = room.now.replace(minute=0, second=0, microsecond=0)
    assert [agreed[name] for name in names] == [CONSENT_VERSION, BE, "sign-up form", hour]


@pytest.mark.parametrize("standing", Standing)
def test_the_page_does_the_same_in_every_standing(room: Room, standing: Standing) -> None:
    """One sealed request is written, and nothing else: whoever looks on can't tell who is known."""
    bring_to(room, standing)
    before = room.store.contents()

    room.ask()

    after = room.store.contents()
    (request,) = after.pop("signup_request")
    assert after == {name: rows for name, rows in before.items() if name != "signup_request"}
    assert len(request["public_id"]) == PUBLIC_ID_BYTES


def test_a_reader_is_stored_with_choices_and_sealed_address(room: Room) -> None:
    """The address as typed, to be mailed; the index in lower case, to be found."""
    room.sign_up(language=BE, missing=MissingRule(RU))

    reader = room.reader(ADDRESS.upper())
    assert (reader.language, reader.missing_choice, reader.provider_group) == (BE, MissingRule(RU), "other")
    assert reader.sealed_address is not None
    assert room.vault.open(reader.sealed_address, reader.public_id).decode() == ADDRESS


def test_what_is_no_address_stores_nothing(room: Room) -> None:
    """The visitor is told at once."""
    with pytest.raises(NotAnAddress):
        room.ask("no address")

    assert room.store.rows("signup_request") == []


def test_at_most_one_confirm_mail_in_24_hours(room: Room) -> None:
    """However often, in whatever letter case and for whichever newsletter somebody types the address."""
    sent = [room.sign_up()]
    sent.append(room.sign_up(ADDRESS.upper()))
    sent.append(room.sign_up(newsletter="other"))
    room.wait(hours=23, minutes=59)
    sent.append(room.sign_up())
    room.wait(minutes=1)
    sent.append(room.sign_up())

    assert sent == [[CONFIRM], [], [], [], [CONFIRM]]


def test_at_most_three_confirm_mails_in_30_days(room: Room) -> None:
    """Also when the unconfirmed sign-ups have been forgotten in between."""
    sent = []
    for _ in range(33):
        sent.append(len(room.sign_up()))
        room.wait(days=1)
        room.forget_expired()

    assert sent == [1, 1, 1, *[0] * 27, 1, 1, 1]


def test_one_form_may_ask_for_several_newsletters(room: Room) -> None:
    """One mail asks for all of them, its link confirms all, and one mail welcomes to all."""
    assert room.sign_up(also=("other",)) == [CONFIRM]
    assert [room.standing(newsletter=slug) for slug in (SLUG, "other")] == [PENDING, PENDING]
    assert room.opened_letters()[-1]["titles"].splitlines() == ["Week", "Week"]

    assert room.confirm().newsletters == (SLUG, "other")

    assert [room.standing(newsletter=slug) for slug in (SLUG, "other")] == [ACTIVE, ACTIVE]
    assert room.letters() == [CONFIRM, LetterKind.WELCOME]
    assert room.opened_letters()[-1]["titles"].splitlines() == ["Week", "Week"]


def test_one_form_sends_one_mail(room: Room) -> None:
    """What is subscribed already needs no second mail beside the one that asks for the rest."""
    room.subscribe()
    room.wait(hours=24)

    assert room.sign_up(also=("other",)) == [CONFIRM]

    assert room.look().newsletters == ("other",)
    assert room.standing() is ACTIVE
    room.confirm()
    assert room.sign_up(also=("other",)) == [ALREADY]


def test_at_most_one_already_mail_in_24_hours(room: Room) -> None:
    """A stranger who types an active reader's address can't flood them; they stay subscribed."""
    room.subscribe()

    sent = [room.sign_up(), room.sign_up()]
    room.wait(hours=24)
    sent.append(room.sign_up())

    assert sent == [[ALREADY], [], [ALREADY]]
    assert room.standing() is ACTIVE


def test_a_sign_up_beyond_the_cap_leaves_the_link_that_is_out(room: Room) -> None:
    """A stranger can't make the mail worthless that the reader has got."""
    room.sign_up()
    secret = room.secret()

    room.sign_up(language=RU)

    assert room.confirm(secret).newsletters == (SLUG,)
    assert (room.standing(), room.reader().language) == (ACTIVE, EN)


def test_a_new_link_replaces_the_old_one(room: Room) -> None:
    """Only the newest mail confirms."""
    room.sign_up()
    old = room.secret()
    room.wait(hours=24)
    room.sign_up()

    room.confirm(old)
    assert room.standing() is PENDING
    room.confirm()
    assert room.standing() is ACTIVE


def test_a_stranger_changes_nothing_of_an_active_reader(room: Room) -> None:
    """Neither language nor choices nor the letter case of the address."""
    before = room.subscribe(language=BE, missing=MissingRule(None))

    room.sign_up(ADDRESS.upper(), language=EN, missing=MissingRule(RU))

    assert room.reader() == before


def test_a_stranger_changes_nothing_by_another_newsletter(room: Room) -> None:
    """An unconfirmed sign-up there does not change what an active reader gets here."""
    before = room.subscribe(language=BE, missing=MissingRule(None))
    room.wait(hours=24)

    assert room.sign_up(ADDRESS.upper(), language=EN, newsletter="other") == [CONFIRM]

    assert room.reader() == before


def test_who_leaves_and_comes_back_on_the_same_day_is_asked_again(room: Room) -> None:
    """The cap is against strangers: a reader who confirmed has not been pestered."""
    room.sign_up()
    room.confirm()
    reader = room.reader()
    room.unsubscribe(room.link(reader))

    assert LetterKind.CONFIRM in room.sign_up()
    assert room.standing() is Standing.PENDING


def test_who_comes_back_gets_new_choices(room: Room) -> None:
    """After leaving, the new sign-up counts."""
    bring_to(room, Standing.UNSUBSCRIBED)

    room.sign_up(language=RU, missing=MissingRule(BE))

    reader = room.reader()
    assert (reader.language, reader.missing_choice) == (RU, MissingRule(BE))
    assert reader.sealed_address is not None
    assert room.vault.open(reader.sealed_address, reader.public_id).decode() == ADDRESS


def test_who_comes_back_is_not_forgotten(room: Room) -> None:
    """The time at which the row was to go is called off."""
    bring_to(room, Standing.UNSUBSCRIBED)
    room.sign_up()
    room.confirm()

    room.wait(days=60)
    room.forget_expired()

    assert room.standing() is ACTIVE


def test_a_sign_up_that_is_not_confirmed_vanishes(room: Room) -> None:
    """A week after its link: reader, address and request; only the counter stays, 30 days and by index."""
    room.sign_up()
    room.wait(hours=72, days=7)
    room.forget_expired()
    assert room.standing() is PENDING

    room.wait(minutes=1)
    room.forget_expired()

    assert [room.store.rows(name) for name in ("reader", "subscription", "signup_request")] == [[], [], []]
    (counter,) = room.store.rows("letter_count")
    assert counter["address_index"] != ADDRESS.encode()
    room.wait(days=20)
    room.forget_expired()
    assert room.store.rows("letter_count") == []


def test_a_suppression_is_not_lifted_by_a_sign_up(room: Room) -> None:
    """Only its owner can, by confirming."""
    bring_to(room, Standing.COMPLAINED)

    room.sign_up()
    assert [row["reason"] for row in room.store.rows("suppression")] == [Standing.COMPLAINED]

    room.confirm()
    assert room.store.rows("suppression") == []


def test_a_letter_is_sealed_to_its_recipient(room: Room) -> None:
    """With the link's secret in a confirm mail, of which only the hash is stored; and nothing typed."""
    room.sign_up()
    (subscription,) = room.store.rows("subscription")
    room.confirm()
    room.wait(hours=24)
    room.sign_up()

    confirm, welcome, already = room.opened_letters()
    assert len(confirm["secret"]) == 43
    assert (welcome, already) == ({"to": ADDRESS, "secret": ""},) * 2
    assert confirm["to"] == ADDRESS
    assert subscription["confirm_hash"] == signup.secret_hash(confirm["secret"], SLUG)


def test_each_sign_up_is_decided_once(room: Room) -> None:
    """By whichever process comes first; at most 100 at a time, oldest first."""
    for number in range(103):
        room.ask(f"reader{number}@example.org")

    assert [room.decide(), room.decide(), room.decide()] == [100, 3, 0]
    assert len(room.letters()) == 103


def test_two_sign_ups_for_an_address_in_one_batch(room: Room) -> None:
    """The second sends no second mail."""
    room.ask()
    room.ask(ADDRESS.lower(), language=RU)

    assert room.decide() == 2
    assert room.letters() == [CONFIRM]
    assert room.reader().language is EN
