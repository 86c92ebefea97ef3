"""Floods of sign-ups against a real database: what goes, what waits, and who is never made to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from mailer.audience import deciding, settings_link, signup
from mailer.audience.address import Address
from mailer.audience.deciding import Judging
from mailer.audience.flood import Flood
from mailer.audience.proof import Proofs
from mailer.audience.signup import NO_SIGNS, Signs, SignUpForm
from mailer.domain.content import LetterKind
from mailer.domain.flood import FloodLimits
from mailer.domain.subscription import Standing
from mailer.storage import signups
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.conftest import KeptOpen
from tests.integration.storage.forgetting import forget
from tests.integration.storage.scene import BE, EN, RU, SLUG, Store
from tests.unit.audience.test_proof import solve

CONFIRM, ALREADY = LetterKind.CONFIRM, LetterKind.ALREADY
SMALL = FloodLimits(mails_per_hour=12, per_domain=4, per_provider=8, attack_at=100)
PROOFS = Proofs(bytes(32), cost=10)


@pytest.fixture
def room(store: Store) -> Room:
    """A room that holds small floods back."""
    return Room(store, flood=Flood(SMALL))


@pytest.fixture
def newsroom(standing_sqlite: str, kept_open: KeptOpen, runner: asyncio.Runner) -> Iterator[Room]:
    """A room at default limits, on the default database."""
    yield Room(Store(kept_open.database(standing_sqlite), runner), flood=Flood(FloodLimits()))
    kept_open.empty(standing_sqlite)


def pour(room: Room, addresses: list[str], signs: Signs = NO_SIGNS) -> None:
    """Have many press "subscribe" at once."""

    async def press() -> None:
        forms = [SignUpForm(address, (SLUG,), EN) for address in addresses]
        database, vault = room.store.database, room.vault
        await asyncio.gather(
            *(signup.receive(database, vault, each, now=room.now, signs=signs) for each in forms)
        )

    room.run(press())


def decide(room: Room) -> None:
    """Decide whatever is due."""

    async def work() -> None:
        judging = Judging(room.vault, room.flood, PROOFS)
        while await deciding.decide_waiting(room.store.database, judging, now=room.now):
            pass

    room.run(work())


def mailed(room: Room) -> list[str]:
    """Return the addresses that letters wait for, oldest first."""
    return [values["to"] for values in room.opened_letters()]


def waiting(room: Room) -> int:
    return room.store.read(lambda tx: signups.waiting(tx, room.now)).many


def at(domain: str, count: int, first: int = 0) -> list[str]:
    return [f"reader{number}@{domain}" for number in range(first, first + count)]


def test_ten_thousand_sign_ups_for_one_address(newsroom: Room) -> None:
    """Send one mail, at default limits, and leave nothing behind that waits."""
    pour(newsroom, [ADDRESS] * 10_000)
    decide(newsroom)

    assert mailed(newsroom) == [ADDRESS]
    assert newsroom.store.rows("signup_request") == []
    assert newsroom.flood.is_attack


def test_a_hundred_spellings_of_one_mailbox(newsroom: Room) -> None:
    """They are one victim: three mails a day, and the address itself waits behind none of them."""
    room = newsroom
    tagged = [f"Vic.tim+{number}@gmail.com" for number in range(50)]
    pour(room, [*tagged, *(f"victim+{number}@googlemail.com" for number in range(50))])

    decide(room)
    assert (len(mailed(room)), waiting(room)) == (3, 97)

    pour(room, ["victim@gmail.com", "other@gmail.com"])
    decide(room)
    assert mailed(room)[3:] == ["victim@gmail.com", "other@gmail.com"]

    room.wait(hours=24)
    decide(room)
    assert len(mailed(room)) == 8


def test_ten_thousand_addresses_at_one_domain(newsroom: Room) -> None:
    """Send the domain's thirty, at default limits; the rest waits, at the pace of the cap."""
    pour(newsroom, at("example.org", 10_000))
    decide(newsroom)
    first_hour = len(mailed(newsroom))
    delayed = waiting(newsroom)
    newsroom.wait(hours=1)
    decide(newsroom)

    # From the hundredth on it is an attack, and half of the cap is kept for proofs of work.
    assert first_hour == 15
    assert delayed == 10_000 - 15
    assert len(mailed(newsroom)) <= 45
    assert newsroom.flood.dropped_count == 0


def test_what_waits_goes_in_order(room: Room) -> None:
    """Four an hour to one domain, first come first served, and nobody lost."""
    asked = at("example.org", 12)
    pour(room, asked)
    hours = Counter[int]()
    for quarter in range(4 * 4):
        before = len(mailed(room))
        decide(room)
        hours[quarter // 4] += len(mailed(room)) - before
        room.wait(minutes=15)

    assert mailed(room) == asked
    assert max(hours.values()) <= 4
    assert room.store.rows("signup_request") == []


def test_a_restart_forgets_neither_caps_nor_who_waits(room: Room) -> None:
    """What counts is in the database: a new process lets no more go, and knows who waits until when."""
    asked = at("example.org", 9)
    pour(room, asked)
    decide(room)
    room.flood = Flood(SMALL)
    pour(room, at("example.org", 1, first=100))
    decide(room)

    assert len(mailed(room)) == 4
    for _ in range(12):
        room.wait(minutes=15)
        decide(room)
    assert [address for address in mailed(room) if address in asked] == asked
    assert len(mailed(room)) == 10


def test_another_domain_does_not_wait(room: Room) -> None:
    """A flood at one domain delays that domain alone, until the cap over all is reached."""
    pour(room, at("example.org", 40) + at("example.net", 1) + at("gmail.com", 40))
    decide(room)

    by_domain = Counter(address.partition("@")[2] for address in mailed(room))
    assert by_domain == {"example.org": 4, "example.net": 1, "gmail.com": 7}


def test_after_three_days_it_is_dropped_and_counted(room: Room) -> None:
    """At four an hour 288 of 400 have gone by then; the others are forgotten."""
    pour(room, at("example.org", 400))
    while room.store.rows("signup_request"):
        decide(room)
        room.wait(hours=1)

    sent = len(mailed(room))
    assert sent + room.flood.dropped_count == 400
    # Two of each four are kept for proofs while it is an attack.
    assert 2 * 71 <= sent <= 4 * 73


def test_a_sign_up_whose_address_waits_is_the_same_one(room: Room) -> None:
    """Pressing again takes no second place among those that wait."""
    pour(room, at("example.org", 5))
    pour(room, ["reader4@example.org"] * 20)
    decide(room)
    held = waiting(room)
    room.wait(hours=1)
    decide(room)

    assert held == 1
    assert mailed(room) == at("example.org", 5)


def test_the_newest_choice_of_an_address_that_waits_counts(room: Room) -> None:
    """In one mail, at the time of the earlier one: its own later word is not swallowed."""
    late = "reader4@example.org"
    pour(room, at("example.org", 5))
    decide(room)
    before = room.store.rows("signup_request")
    room.ask(late, RU, newsletter="other")
    room.ask(late, BE, newsletter="other")
    decide(room)
    held = room.store.rows("signup_request")
    room.wait(hours=1)
    decide(room)

    places = [[(row["id"], row["received_at"], row["due_at"]) for row in rows] for rows in (before, held)]
    assert places[0] == places[1]
    assert mailed(room) == at("example.org", 5)
    assert room.reader(late).language is BE
    assert (room.standing(late), room.standing(late, "other")) == (Standing.NONE, Standing.PENDING)


def test_a_program_waits_a_moment(room: Room) -> None:
    """What looks like one is decided when it was told, and by the same rules."""
    soon = room.now + timedelta(seconds=5)
    pour(room, [ADDRESS], Signs(not_before=soon))
    decide(room)
    early = mailed(room)
    room.wait(seconds=5)
    decide(room)

    assert (early, mailed(room)) == ([], [ADDRESS])


@pytest.mark.parametrize("is_proven", [False, True])
def test_a_link_to_the_settings_is_asked_for_by_the_same_rules(
    room: Room,
    is_proven: bool,  # noqa: FBT001 - both of two
) -> None:
    """What looks like a program's request waits; a proof of work goes before that, and is spent."""
    room.subscribe()
    known = len(room.letters())
    proof = solve(PROOFS.challenge(room.now)) if is_proven else ""
    signs = Signs(not_before=room.now + timedelta(seconds=5), proof=proof)
    for _ in range(2):
        room.run(settings_link.ask(room.store.database, room.vault, ADDRESS, now=room.now, signs=signs))
    decide(room)
    early = room.letters()[known:]
    room.wait(seconds=5)
    decide(room)

    assert early == ([LetterKind.MANAGE] * 2 if is_proven else [])
    assert room.letters()[known:] == [LetterKind.MANAGE] * 2
    assert len(room.store.rows("spent_proof")) == is_proven


def test_programs_queue_once_their_moment_is_over(room: Room) -> None:
    """A flood of them takes its turns like any other, each its own."""
    pour(room, at("example.org", 40), Signs(not_before=room.now + timedelta(seconds=5)))
    decide(room)
    room.wait(seconds=6)
    decide(room)

    due: list[datetime] = [row["due_at"] for row in room.store.rows("signup_request")]
    assert (len(mailed(room)), len(due), len(set(due))) == (4, 36, 36)


def test_a_proof_goes_before_those_without(room: Room) -> None:
    """In an attack half of the cap is kept for it, and it waits for nothing else."""
    pour(room, at("example.net", 200))
    pour(room, at("example.org", 10))
    decide(room)
    assert room.flood.is_attack
    proof = solve(PROOFS.challenge(room.now))

    pour(room, [ADDRESS], Signs(not_before=room.now + timedelta(hours=1), proof=proof))
    decide(room)

    assert mailed(room)[-1] == ADDRESS
    assert Counter(address.partition("@")[2] for address in mailed(room)) == {
        "example.net": 2,
        "example.org": 3,
    }


def test_a_proof_counts_once(room: Room) -> None:
    """Whoever sends it again waits like the others; it is remembered until it can't be used."""
    proof = solve(PROOFS.challenge(room.now))
    later = Signs(not_before=room.now + timedelta(hours=1), proof=proof)
    pour(room, at("example.org", 2), later)
    decide(room)
    pour(room, at("example.org", 1, first=7), later)
    decide(room)

    assert mailed(room) == ["reader0@example.org"]
    assert waiting(room) == 2
    (spent,) = room.store.rows("spent_proof")
    forget(room.store, spent["until"])
    assert len(room.store.rows("spent_proof")) == 1
    forget(room.store, spent["until"] + timedelta(seconds=1))
    assert room.store.rows("spent_proof") == []


def test_the_flood_looks_the_same_to_readers_and_strangers(room: Room) -> None:
    """A subscribed reader's “already subscribed” waits as long as a stranger's request to confirm."""
    room.subscribe()
    room.wait(hours=24)
    pour(room, at("example.org", 4))
    decide(room)
    pour(room, [ADDRESS, "stranger@example.org"])
    decide(room)
    held = waiting(room)
    room.wait(hours=2)
    decide(room)

    assert held == 2
    assert room.letters()[-2:] == [ALREADY, CONFIRM]


def test_an_operator_does_not_wait(room: Room) -> None:
    """Who may log in here needs no form to send mail."""
    pour(room, at("example.org", 4))
    decide(room)
    form = SignUpForm(ADDRESS, (SLUG,), EN, source="asked at a meeting")
    room.run(signup.receive(room.store.database, room.vault, form, now=room.now))
    decide(room)

    assert mailed(room)[-1] == ADDRESS


def test_a_domain_is_counted_by_a_keyed_hash(room: Room) -> None:
    """The database names no domain; counters go after thirty days, as those of addresses do."""
    room.sign_up()

    (counter,) = room.store.rows("letter_count")
    assert counter["domain_index"] == room.vault.index(Address("", "example.org"))
    room.wait(days=31)
    room.forget_expired()
    assert room.store.rows("letter_count") == []


def test_too_many_that_wait_are_dropped(store: Store) -> None:
    """The disk has an end: above the limit who has no proof is dropped, and counted."""
    room = Room(store, flood=Flood(FloodLimits(per_domain=2, most_waiting=5)))
    pour(room, at("example.org", 10))
    decide(room)

    assert (len(mailed(room)), waiting(room), room.flood.dropped_count) == (2, 5, 3)
