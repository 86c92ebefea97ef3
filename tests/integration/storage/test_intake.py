"""Readers who come in at once stand as if each had come alone."""

from __future__ import annotations

import hashlib

from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.storage import intake, newsletters, readers
from mailer.storage.readers import Reader
from mailer.storage.size import size_bytes
from tests.integration.storage.scene import BE, EN, RU, SLUG, Store, weekly


def newcomer(number: int) -> Reader:
    """Return somebody of their own language and choice."""
    return Reader(
        id=0,
        public_id=b"%012d" % number,
        sealed_address=b"sealed %d" % number,
        address_index=hashlib.sha256(b"%d" % number).digest(),
        provider_group=("gmail", "other")[number % 2],
        language=(BE, RU, EN)[number % 3],
        missing_choice=(None, MissingRule(None), MissingRule(RU))[number // 3 % 3],
    )


def test_each_is_found_as_they_came_and_has_confirmed(store: Store) -> None:
    """Also beyond what one statement takes; other newsletters know nothing of them."""
    store.write(lambda tx: [newsletters.save(tx, weekly(slug)) for slug in (SLUG, "other")])
    everybody = [newcomer(number) for number in range(1_003)]

    store.write(lambda tx: intake.take_in(tx, SLUG, everybody, changed_month="2026-11"))

    for asked in (everybody[0], everybody[7], everybody[-1]):
        found = store.read(lambda tx, index=asked.address_index: readers.by_index(tx, index))  # type: ignore[misc]
        assert found is not None
        assert (found.public_id, found.sealed_address) == (asked.public_id, asked.sealed_address)
        assert (found.provider_group, found.language) == (asked.provider_group, asked.language)
        assert found.missing_choice == asked.missing_choice
    counted = store.read(lambda tx: readers.active_count(tx, SLUG))
    assert sum(counted.values()) == 1_003
    assert store.read(lambda tx: readers.active_count(tx, "other")) == {}


def test_who_is_there_already_keeps_their_standing(store: Store) -> None:
    """A sign-up that nobody has confirmed is not confirmed by others who come in."""
    store.write(lambda tx: newsletters.save(tx, weekly()))
    waiting = store.write(lambda tx: readers.add(tx, newcomer(5)))
    store.write(
        lambda tx: readers.set_standing(tx, waiting.id, SLUG, Standing.PENDING, changed_month="2026-11")
    )

    store.write(lambda tx: intake.take_in(tx, SLUG, [newcomer(1)], changed_month="2026-11"))

    assert store.read(lambda tx: readers.standing(tx, waiting.id, SLUG)) is Standing.PENDING


def test_a_database_grows_with_what_is_in_it(store: Store) -> None:
    """Its size is told in bytes, before anything reaches the file itself."""
    store.write(lambda tx: newsletters.save(tx, weekly()))
    before = store.read(size_bytes)

    everybody = [newcomer(number) for number in range(2_000)]
    store.write(lambda tx: intake.take_in(tx, SLUG, everybody, changed_month="2026-11"))

    assert store.read(size_bytes) - before > 2_000 * 80
