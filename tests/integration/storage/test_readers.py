"""Readers are found by index or public id, and forgotten when their time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import SIGN_UP_KEPT, Standing
from mailer.storage import newsletters, readers
from mailer.storage.readers import Reader, Subscription
from tests.integration.storage.forgetting import forget
from tests.integration.storage.scene import BE, EN, NOW, RU, SLUG, Store, add_reader, weekly

MOMENT = timedelta(milliseconds=1)
READER = Reader(0, b"public-id-12", b"sealed", bytes(32), "gmail", BE, MissingRule(RU))
ACTIVE, PENDING, UNSUBSCRIBED = Standing.ACTIVE, Standing.PENDING, Standing.UNSUBSCRIBED


@pytest.fixture(autouse=True)
def two_newsletters(store: Store) -> None:
    """So that each test sees that the other is left alone."""
    store.write(lambda tx: [newsletters.save(tx, weekly(slug)) for slug in (SLUG, "other")])


def added(store: Store, **standings: Standing) -> Reader:
    """Store a reader with subscriptions by newsletter."""
    reader = store.write(lambda tx: readers.add(tx, READER))
    for slug, standing in standings.items():
        set_standing(store, reader.id, standing, slug)
    return reader


def set_standing(
    store: Store, reader_id: int, standing: Standing, slug: str = SLUG, **values: object
) -> None:
    values = {"changed_month": "2026-11", **values}
    store.write(lambda tx: readers.set_standing(tx, reader_id, slug, standing, **values))


def standing(store: Store, reader_id: int, slug: str = SLUG) -> Standing:
    return store.read(lambda tx: readers.standing(tx, reader_id, slug))


@pytest.mark.parametrize("choice", [None, MissingRule(None), MissingRule(RU)])
def test_a_reader_comes_back_as_stored(store: Store, choice: MissingRule | None) -> None:
    """By the keyed index or by the id in a token, with a number of its own."""
    reader = store.write(lambda tx: readers.add(tx, replace(READER, missing_choice=choice)))

    assert reader == replace(READER, id=reader.id, missing_choice=choice)
    assert store.read(lambda tx: readers.by_index(tx, READER.address_index)) == reader
    assert store.read(lambda tx: readers.by_public_id(tx, READER.public_id)) == reader
    assert store.read(lambda tx: readers.by_index(tx, bytes(31) + b"x")) is None
    assert store.read(lambda tx: readers.by_public_id(tx, bytes(12))) is None


@pytest.mark.parametrize("taken", ["public_id", "address_index"])
def test_an_address_is_stored_once(store: Store, taken: str) -> None:
    """And so is a public id."""
    added(store)
    another = replace(READER, public_id=b"another-one1", address_index=bytes(31) + b"y")

    with pytest.raises(IntegrityError):
        store.write(lambda tx: readers.add(tx, replace(another, **{taken: getattr(READER, taken)})))


def test_a_readers_choices_can_change(store: Store) -> None:
    """Address, provider, language and rule; not who they are."""
    reader = added(store)
    changed = replace(reader, sealed_address=b"new", provider_group="other", language=EN, missing_choice=None)

    store.write(lambda tx: readers.change(tx, replace(changed, public_id=bytes(12))))

    assert store.read(lambda tx: readers.by_index(tx, READER.address_index)) == changed


@pytest.mark.parametrize("one", Standing)
def test_a_standing_is_that_of_one_newsletter(store: Store, one: Standing) -> None:
    """NONE where there is no subscription."""
    reader = added(store, weekly=one)

    assert standing(store, reader.id) is one
    assert standing(store, reader.id, "other") is Standing.NONE
    assert standing(store, reader.id + 1) is Standing.NONE


def test_a_confirm_link_leads_to_its_subscription(store: Store) -> None:
    """By the hash of its secret only."""
    reader = added(store, other=ACTIVE)
    set_standing(store, reader.id, PENDING, confirm_hash=bytes(32), confirm_until=NOW)

    found = store.read(lambda tx: readers.by_confirm_hashes(tx, [bytes(32), b"x" * 32]))

    assert found == [Subscription(reader, SLUG, PENDING, NOW)]
    assert store.read(lambda tx: readers.by_confirm_hashes(tx, [b"x" * 32])) == []


@pytest.mark.parametrize(
    ("weekly_standing", "other_standing", "expected"),
    [
        (ACTIVE, None, True),
        (PENDING, None, True),
        (UNSUBSCRIBED, None, False),
        (Standing.BOUNCED, None, False),
        (Standing.COMPLAINED, None, False),
        (UNSUBSCRIBED, ACTIVE, True),
        (UNSUBSCRIBED, UNSUBSCRIBED, False),
    ],
)
def test_whether_an_address_is_still_needed(
    store: Store,
    weekly_standing: Standing,
    other_standing: Standing | None,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    """By any newsletter to which mail may go, now or once confirmed."""
    reader = added(store, weekly=weekly_standing, **({"other": other_standing} if other_standing else {}))

    assert store.read(lambda tx: readers.has_live_subscription(tx, reader.id)) is expected


def test_the_address_can_go_before_the_row(store: Store) -> None:
    """Index and public id stay, for late bounces and second thoughts."""
    reader = added(store)

    store.write(lambda tx: readers.forget_address(tx, reader.id))

    assert store.read(lambda tx: readers.by_index(tx, READER.address_index)) == replace(
        reader, sealed_address=None
    )


def test_a_reader_goes_with_the_last_subscription(store: Store) -> None:
    """Not with the first of two."""
    reader = added(store, weekly=PENDING, other=ACTIVE)

    store.write(lambda tx: readers.end_subscription(tx, reader.id, SLUG))
    assert standing(store, reader.id) is Standing.NONE
    assert len(store.rows("reader")) == 1

    store.write(lambda tx: readers.end_subscription(tx, reader.id, "other"))
    assert store.rows("reader") == []


def test_unconfirmed_sign_ups_vanish_a_week_after_their_link(store: Store) -> None:
    """Until then one press asks for a new one; what was confirmed in time stays."""
    reader = added(store)
    set_standing(store, reader.id, PENDING, confirm_until=NOW)
    set_standing(store, reader.id, ACTIVE, "other", confirm_until=NOW)

    assert forget(store, NOW + SIGN_UP_KEPT) == 0
    assert forget(store, NOW + SIGN_UP_KEPT + MOMENT) == 1

    assert (standing(store, reader.id), standing(store, reader.id, "other")) == (Standing.NONE, ACTIVE)


def test_rows_of_readers_who_left_go_in_the_end(store: Store) -> None:
    """With the reader, when it was the last; others stay."""
    reader = added(store)
    set_standing(store, reader.id, UNSUBSCRIBED, forget_at=NOW)
    stays = store.write(lambda tx: add_reader(tx, 1))

    forget(store, NOW)
    assert len(store.rows("reader")) == 2
    forget(store, NOW + MOMENT)

    assert [row["id"] for row in store.rows("reader")] == [stays]


def test_an_expired_sign_up_takes_the_address_of_a_reader_who_left(store: Store) -> None:
    """They left one newsletter and never confirmed another: nobody needs the address any more."""
    reader = added(store, weekly=UNSUBSCRIBED)
    set_standing(store, reader.id, PENDING, "other", confirm_until=NOW)

    forget(store, NOW + SIGN_UP_KEPT + MOMENT)

    assert [row["sealed_address"] for row in store.rows("reader")] == [None]


def test_a_suppression_is_one_row_that_can_be_lifted(store: Store) -> None:
    """The newest reason counts; only the keyed hash is kept."""
    store.write(lambda tx: readers.suppress(tx, bytes(32), Standing.BOUNCED, "2026-10"))
    store.write(lambda tx: readers.suppress(tx, bytes(32), Standing.COMPLAINED, "2026-11"))

    assert store.rows("suppression") == [
        {"address_index": bytes(32), "reason": Standing.COMPLAINED, "since_month": "2026-11"}
    ]
    store.write(lambda tx: readers.lift(tx, bytes(32)))
    store.write(lambda tx: readers.lift(tx, bytes(32)))
    assert store.rows("suppression") == []


def test_confirmed_readers_are_counted_by_language(store: Store) -> None:
    """Of one newsletter, and nobody else."""
    audience = [(BE, ACTIVE), (BE, ACTIVE), (EN, ACTIVE), (RU, PENDING), (RU, UNSUBSCRIBED)]

    def add_all(tx: object) -> None:
        for number, (language, stands) in enumerate(audience):
            add_reader(tx, number, language=language, standing=stands)  # type: ignore[arg-type]

    store.write(add_all)

    counted: dict[Language, int] = store.read(lambda tx: readers.active_count(tx, SLUG))
    assert counted == {BE: 2, EN: 1}
    assert store.read(lambda tx: readers.active_count(tx, "other")) == {}
