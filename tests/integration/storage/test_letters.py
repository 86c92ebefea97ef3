"""Letters: claimed by one node, written down before they go, deleted once settled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.subscription import COUNTERS_KEPT
from mailer.storage import Transaction, letters, newsletters, signups
from mailer.storage.letters import Letter
from mailer.storage.signups import SignupRequest
from tests.integration.storage.forgetting import forget
from tests.integration.storage.scene import BE, LATER, NODE, NOW, OTHER_NODE, SLUG, Store, weekly

UNTIL = NOW + timedelta(days=3)
MOMENT = timedelta(milliseconds=1)
LETTER = Letter(LetterKind.CONFIRM, BE, SLUG, b"public-id-12", b"seal-id-1234", b"sealed", NOW, UNTIL)
ACCEPT = Accepted(Stage.DOT, "250 Ok")
DEFER = Deferred(Stage.RCPT, "450 Later", LATER)
FAIL = Failed(Stage.RCPT, "550 Gone", Blame.READER)
TEAR = Unknown(Stage.DOT, "reset", LATER)
HOLD = Unknown(Stage.DOT, "reset", None)


@pytest.fixture(autouse=True)
def newsletter(store: Store) -> None:
    """The newsletter they speak for."""
    store.write(lambda tx: newsletters.save(tx, weekly()))


def add(store: Store, *queued: Letter) -> None:
    def work(tx: Transaction) -> None:
        for letter in queued or [LETTER]:
            letters.add(tx, letter)

    store.write(work)


def claim(store: Store, owner: str = NODE, now: datetime = NOW, limit: int = 100) -> list[Letter]:
    return store.write(lambda tx: letters.claim(tx, owner, now, limit))


def tried(tx: Transaction, letter: Letter, outcome: Outcome) -> None:
    letters.begin(tx, letter.id, NODE)
    letters.settle(tx, letter.id, NODE, outcome)


def test_a_letter_is_claimed_as_it_was_queued(store: Store) -> None:
    """With a number of its own."""
    add(store)

    (letter,) = claim(store)

    assert letter == replace(LETTER, id=letter.id)
    assert store.read(letters.waiting) == 1


def test_the_oldest_goes_first(store: Store) -> None:
    """At most as many as asked for."""
    ages = [timedelta(seconds=2), timedelta(seconds=9), timedelta(seconds=5)]
    add(store, *(replace(LETTER, created_at=NOW - age) for age in ages))

    claimed = claim(store, limit=2)

    assert [NOW - letter.created_at for letter in claimed] == [ages[1], ages[2]]


def test_two_claimers_never_get_the_same_letter(store: Store, other_store: Store) -> None:
    """Many at once, from two processes."""
    add(store, *[LETTER] * 30)

    async def scene() -> list[list[Letter]]:
        databases = (store.database, other_store.database)
        return await asyncio.gather(
            *(
                databases[number % 2].write(lambda tx, node=f"node-{number}": letters.claim(tx, node, NOW, 7))  # type: ignore[misc]
                for number in range(8)
            )
        )

    claimed = [letter.id for one in store.run(scene()) for letter in one]

    assert len(claimed) == len(set(claimed))
    assert sorted(claimed + [letter.id for letter in claim(store)]) == [
        row["id"] for row in store.rows("letter")
    ]


def test_what_is_not_due_or_too_late_is_not_claimed(store: Store) -> None:
    """From created_at on, and only before not_after."""
    add(store)

    assert claim(store, now=NOW - MOMENT) == []
    assert claim(store, now=UNTIL) == []
    assert len(claim(store, now=UNTIL - MOMENT)) == 1


def test_begin_is_for_the_owner(store: Store) -> None:
    """Once more changes nothing: the answer to the commit may have been lost."""
    add(store)
    (letter,) = claim(store)

    begun = [
        store.write(lambda tx, node=owner: letters.begin(tx, letter.id, node))  # type: ignore[misc]
        for owner in (OTHER_NODE, NODE, NODE, OTHER_NODE)
    ]

    assert begun == [False, True, True, False]
    (row,) = store.rows("letter")
    assert (row["state"], row["attempts"]) == (DeliveryState.INFLIGHT, 1)


@pytest.mark.parametrize("outcome", [ACCEPT, FAIL, HOLD], ids=["accepted", "failed", "held"])
def test_a_settled_letter_is_deleted(store: Store, outcome: Outcome) -> None:
    """With its sealed address, whether it began or was refused before its body."""
    add(store, LETTER, LETTER)
    one, two = claim(store)

    store.write(lambda tx: tried(tx, one, outcome))
    store.write(lambda tx: letters.refuse(tx, two.id, NODE, outcome))

    assert store.rows("letter") == []
    assert store.read(letters.waiting) == 0


@pytest.mark.parametrize(
    ("outcome", "state"), [(DEFER, DeliveryState.DEFERRED), (TEAR, DeliveryState.UNKNOWN)], ids=str
)
def test_a_letter_to_be_tried_again_is_free_when_due(
    store: Store, outcome: Outcome, state: DeliveryState
) -> None:
    """Each try is counted once, begun or not."""
    add(store, LETTER, LETTER)
    one, two = claim(store)

    store.write(lambda tx: tried(tx, one, outcome))
    store.write(lambda tx: letters.refuse(tx, two.id, NODE, outcome))

    assert claim(store, now=LATER - MOMENT) == []
    again = claim(store, OTHER_NODE, LATER)
    assert again == [replace(LETTER, id=letter.id, attempts=1, state=state) for letter in (one, two)]


def test_only_the_owner_settles(store: Store) -> None:
    """A node that was taken for dead says nothing about another's try."""
    add(store)
    (letter,) = claim(store)
    store.write(lambda tx: letters.begin(tx, letter.id, NODE))
    before = store.rows("letter")

    for write in (letters.settle, letters.refuse):
        store.write(lambda tx, way=write: way(tx, letter.id, OTHER_NODE, ACCEPT))  # type: ignore[misc]

    assert store.rows("letter") == before


def test_letters_can_be_given_back_untouched(store: Store) -> None:
    """Not those in flight, nor those of others."""
    add(store, LETTER, LETTER, LETTER)
    mine, flying = claim(store, limit=2)
    (theirs,) = claim(store, OTHER_NODE)
    store.write(lambda tx: letters.begin(tx, flying.id, NODE))

    store.write(lambda tx: letters.let_go(tx, [mine.id, flying.id, theirs.id], NODE))

    assert {row["id"]: row["owner"] for row in store.rows("letter")} == {
        mine.id: None,
        flying.id: NODE,
        theirs.id: OTHER_NODE,
    }


def test_letters_of_a_dead_node_are_free_again(store: Store) -> None:
    """What was in flight is resent once; what was claimed only is as it was."""
    add(store, LETTER, LETTER)
    flying, waiting = claim(store)
    store.write(lambda tx: letters.begin(tx, flying.id, NODE))

    torn = store.write(lambda tx: letters.recover(tx, [NODE], NOW))

    assert torn == 1
    assert {(letter.id, letter.state) for letter in claim(store, OTHER_NODE)} == {
        (flying.id, DeliveryState.UNKNOWN),
        (waiting.id, DeliveryState.QUEUED),
    }
    assert store.write(lambda tx: letters.recover(tx, [NODE], NOW)) == 0


@pytest.mark.parametrize("first", [DEFER, TEAR], ids=["deferred before", "uncertain before"])
def test_only_an_uncertain_letter_is_not_resent_again(store: Store, first: Outcome) -> None:
    """A refusal is no copy: a letter deferred once and then torn still gets its one resend."""
    add(store)
    (letter,) = claim(store)
    store.write(lambda tx: tried(tx, letter, first))
    claim(store, now=LATER)
    store.write(lambda tx: letters.begin(tx, letter.id, NODE))

    store.write(lambda tx: letters.recover(tx, [NODE], LATER))

    assert [row["state"] for row in store.rows("letter")] == (
        [DeliveryState.UNKNOWN] if first is DEFER else []
    )


def test_a_resend_that_is_torn_too_ends_the_letter(store: Store) -> None:
    """At most two copies of a letter, whatever dies."""
    add(store)
    for _ in range(2):
        (letter,) = claim(store)
        store.write(lambda tx: letters.begin(tx, letter.id, NODE))  # noqa: B023 - called at once
        store.write(lambda tx: letters.recover(tx, [NODE], NOW))

    assert store.rows("letter") == []


def test_late_letters_are_removed(store: Store) -> None:
    """Also one that a node holds, which then finds that it may not begin; not one whose body is under way."""
    add(store, LETTER, LETTER, LETTER)
    flying, held = claim(store, limit=2)
    store.write(lambda tx: letters.begin(tx, flying.id, NODE))

    assert forget(store, UNTIL) == 0
    assert forget(store, UNTIL + MOMENT) == 2
    assert [row["id"] for row in store.rows("letter")] == [flying.id]
    assert not store.write(lambda tx: letters.begin(tx, held.id, NODE))


def test_what_an_address_was_sent_is_remembered_for_a_while(store: Store) -> None:
    """By index and kind only."""
    confirm, already = LetterKind.CONFIRM, LetterKind.ALREADY
    index, other = bytes(32), b"x" * 32
    for address, kind, at in (
        (index, confirm, NOW),
        (index, confirm, LATER),
        (index, already, NOW),
        (other, confirm, NOW),
    ):
        store.write(lambda tx, row=(address, kind, at): letters.count(tx, *row))  # type: ignore[misc]

    assert sorted(store.read(lambda tx: letters.sent_at(tx, index, confirm))) == [NOW, LATER]
    assert forget(store, LATER + COUNTERS_KEPT) == 3
    assert store.read(lambda tx: letters.sent_at(tx, index, confirm)) == [LATER]


def test_sign_ups_wait_in_the_order_of_arrival(store: Store) -> None:
    """Each is removed once."""
    requests = [SignupRequest(b"public-id-%02d" % number, b"sealed", NOW) for number in range(3)]
    store.write(lambda tx: signups.add_all(tx, requests))

    found = store.read(lambda tx: signups.due(tx, NOW, 2))

    assert [replace(request, id=0) for request in found] == requests[:2]
    assert store.write(lambda tx: signups.remove(tx, [found[0].id])) == 1
    assert store.write(lambda tx: signups.remove(tx, [found[0].id])) == 0
    assert [request.public_id for request in store.read(lambda tx: signups.due(tx, NOW, 9))] == [
        b"public-id-01",
        b"public-id-02",
    ]
