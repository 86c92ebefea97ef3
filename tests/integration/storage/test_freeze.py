"""The freeze: every confirmed reader has exactly one copy, nobody else has any."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from mailer.domain.books import Books
from mailer.domain.delivery import DeliveryState
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.storage import (
    Transaction,
    books,
    chunks,
    deliveries,
    editions,
    freeze,
    newsletters,
    preferences,
    readers,
)
from mailer.storage.editions import DISCREET
from mailer.storage.freeze import Allotment, Choice
from mailer.storage.preferences import Preferences
from mailer.storage.tables import delivery, issue, reader, subscription
from tests.integration.storage.scene import (
    BE,
    CHOICES,
    EN,
    NOW,
    RU,
    SLUG,
    Store,
    add_reader,
    add_readers,
    begin_release,
    edition,
    weekly,
)


def freeze_all(tx: Transaction, allotment: Allotment, limit: int = freeze.SLICE) -> int:
    """Write every slice; return how many there were."""
    last, count = 0, 0
    while (following := freeze.write_slice(tx, allotment, last, limit=limit)) is not None:
        last, count = following, count + 1
    return count


def frozen_to(store: Store) -> list[int]:
    return [row["reader_id"] for row in store.rows("delivery")]


def test_every_confirmed_reader_gets_one_copy(store: Store) -> None:
    """In slices of any size; nobody twice, nobody missed."""

    def work(tx: Transaction) -> tuple[list[int], int]:
        newsletters.save(tx, weekly())
        ids = add_readers(tx, 7)
        return ids, freeze_all(tx, begin_release(tx), limit=3)

    ids, slices = store.write(work)

    assert slices == 3
    assert frozen_to(store) == ids
    assert {row["state"] for row in store.rows("delivery")} == {DeliveryState.QUEUED}
    assert {row["next_at"] for row in store.rows("chunk")} == {NOW}


def test_only_confirmed_readers_get_a_copy(store: Store) -> None:
    """No other standing, and no reader of another newsletter."""

    def work(tx: Transaction) -> int:
        newsletters.save(tx, weekly())
        newsletters.save(tx, weekly("other"))
        by_standing = {
            standing: add_reader(tx, number, standing=standing) for number, standing in enumerate(Standing)
        }
        elsewhere = add_reader(tx, 99, standing=Standing.UNSUBSCRIBED)
        readers.set_standing(tx, elsewhere, "other", Standing.ACTIVE, changed_month="2026-11")
        freeze_all(tx, begin_release(tx))
        return by_standing[Standing.ACTIVE]

    active = store.write(work)

    assert frozen_to(store) == [active]


def test_who_leaves_between_slices_gets_none(store: Store) -> None:
    """Whether the slice with their copy was written or not."""

    def work(tx: Transaction) -> tuple[Allotment, list[int]]:
        newsletters.save(tx, weekly())
        ids = add_readers(tx, 6)
        allotment = begin_release(tx)
        freeze.write_slice(tx, allotment, 0, limit=3)
        return allotment, ids

    def leave(tx: Transaction, reader_id: int) -> None:
        readers.set_standing(tx, reader_id, SLUG, Standing.UNSUBSCRIBED)
        deliveries.skip_reader(tx, reader_id, SLUG, NOW)

    allotment, ids = store.write(work)
    for reader_id in (ids[0], ids[4]):
        store.write(partial(leave, reader_id=reader_id))
    store.write(lambda tx: freeze.write_slice(tx, allotment, ids[2], limit=3))

    waiting = [row["reader_id"] for row in store.rows("delivery", state=DeliveryState.QUEUED)]
    assert waiting == [ids[1], ids[2], ids[3], ids[5]]


def test_readers_share_chunks_by_edition_and_provider(store: Store) -> None:
    """At most 500 copies in each; the books are those of the readers' main language."""

    def work(tx: Transaction) -> Allotment:
        newsletters.save(tx, weekly())
        for number in range(1, 503):
            add_reader(tx, number, group="gmail")
        for number in range(503, 506):
            add_reader(tx, number, language=RU)
        allotment = begin_release(tx)
        freeze_all(tx, allotment)
        return allotment

    allotment = store.write(work)

    made = Counter((row["edition_id"], row["provider_group"], row["size"]) for row in store.rows("chunk"))
    be, ru = (allotment.editions[Choice(language, None)] for language in (BE, RU))
    assert made == {(be, "gmail", chunks.SIZE): 1, (be, "gmail", 2): 1, (ru, "other", 3): 1}
    counted = store.read(lambda tx: books.by_language(tx, allotment.issue_id))
    assert counted == {BE: Books(audience=502, pending=502), RU: Books(audience=3, pending=3)}
    assert store.read(lambda tx: books.proven(tx, allotment.issue_id)) == counted


def test_each_reader_gets_the_edition_of_their_choice(store: Store) -> None:
    """Language and what to do with a text that is not translated decide together."""

    def work(tx: Transaction) -> tuple[dict[int, Choice], Allotment]:
        newsletters.save(tx, weekly())
        choices = [(language, rule) for language in Language for rule in CHOICES]
        chosen = {
            add_reader(tx, number, language=language, missing=rule): Choice(
                language, None if rule is None else str(rule)
            )
            for number, (language, rule) in enumerate(choices)
        }
        allotment = begin_release(tx)
        of_its_own = {
            choice: editions.add(tx, replace(edition(allotment.issue_id, choice.language), plan=str(choice)))
            for choice in allotment.editions
        }
        allotment = replace(allotment, editions=of_its_own)
        freeze_all(tx, allotment)
        return chosen, allotment

    chosen, allotment = store.write(work)

    of_chunk = {row["id"]: row["edition_id"] for row in store.rows("chunk")}
    given = {row["reader_id"]: of_chunk[row["chunk_id"]] for row in store.rows("delivery")}
    assert given == {reader_id: allotment.editions[choice] for reader_id, choice in chosen.items()}


def test_who_takes_a_break_is_left_out(store: Store) -> None:
    """Until the moment it ends; counted nowhere meanwhile, and the next issue comes again."""

    def work(tx: Transaction) -> int:
        newsletters.save(tx, weekly())
        ends = {add_reader(tx, 1): NOW, add_reader(tx, 2): NOW + timedelta(seconds=1)}
        for reader_id, until in ends.items():
            preferences.save(tx, reader_id, Preferences(BE, paused_until=until))
        freeze_all(tx, begin_release(tx))
        return next(iter(ends))

    back = store.write(work)

    assert frozen_to(store) == [back]
    counted = store.read(lambda tx: freeze.audience(tx, SLUG, NOW))
    assert counted == {Choice(BE, None): 1}
    assert store.read(lambda tx: freeze.audience(tx, SLUG, NOW + timedelta(days=1))) == {Choice(BE, None): 2}


def test_discreet_readers_share_an_edition_of_their_own(store: Store) -> None:
    """Counted in their language's books; who became discreet after the editions were made gets the usual."""

    def work(tx: Transaction) -> tuple[Allotment, list[int], int]:
        newsletters.save(tx, weekly())
        ids = [add_reader(tx, 1), add_reader(tx, 2), add_reader(tx, 3, language=RU)]
        preferences.save(tx, ids[1], Preferences(BE, is_discreet=True))
        preferences.save(tx, ids[2], Preferences(RU, is_discreet=True))
        allotment = begin_release(tx)
        plain = edition(allotment.issue_id, BE)
        own = editions.add(tx, replace(plain, plan=DISCREET + plain.plan, html=""))
        known = {**allotment.editions, Choice(BE, None, is_discreet=True): own}
        allotment = replace(allotment, editions=known)
        freeze_all(tx, allotment)
        return allotment, ids, own

    allotment, ids, own = store.write(work)

    of_chunk = {row["id"]: row["edition_id"] for row in store.rows("chunk")}
    given = [of_chunk[row["chunk_id"]] for row in store.rows("delivery")]
    usual = [allotment.editions[Choice(language, None)] for language in (BE, RU)]
    assert dict(zip(ids, given, strict=True)) == {ids[0]: usual[0], ids[1]: own, ids[2]: usual[1]}
    counted = store.read(lambda tx: books.by_language(tx, allotment.issue_id))
    assert counted == {BE: Books(audience=2, pending=2), RU: Books(audience=1, pending=1)}
    assert store.read(lambda tx: books.proven(tx, allotment.issue_id)) == counted


def test_readers_of_an_empty_edition_are_left_out(store: Store) -> None:
    """Their choices leave nothing to send: said in the books, and never due."""

    def work(tx: Transaction) -> Allotment:
        newsletters.save(tx, weekly())
        add_reader(tx, 1, language=EN, missing=MissingRule(None))
        allotment = begin_release(tx)
        allotment = replace(allotment, empty=frozenset([allotment.editions[Choice(EN, "leave-out")]]))
        freeze_all(tx, allotment)
        return allotment

    allotment = store.write(work)

    (copy,) = store.rows("delivery")
    assert (copy["state"], copy["reason"], copy["settled_at"]) == (DeliveryState.SKIPPED, "empty", NOW)
    assert store.rows("chunk")[0]["next_at"] is None
    counted = store.read(lambda tx: books.by_language(tx, allotment.issue_id))
    assert counted == {EN: Books(audience=1, skipped=1)}


def test_a_release_that_failed_leaves_nothing(store: Store) -> None:
    """Slices and editions are removed, and it can be frozen anew."""

    def work(tx: Transaction) -> None:
        newsletters.save(tx, weekly())
        add_readers(tx, 3)
        allotment = begin_release(tx)
        freeze.write_slice(tx, allotment, 0, limit=2)
        freeze.remove_slices(tx, allotment.issue_id)

    store.write(work)

    assert [store.rows(name) for name in ("delivery", "chunk", "edition")] == [[], [], []]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(Standing), max_size=12), st.integers(1, 5))
def test_any_audience_is_frozen_whole(store: Store, audience: list[Standing], limit: int) -> None:
    """Whoever stands where, and however large the slices are."""

    def work(tx: Transaction) -> tuple[list[int], list[int]]:
        newsletters.save(tx, weekly())
        ids = [add_reader(tx, number, standing=standing) for number, standing in enumerate(audience)]
        allotment = begin_release(tx)
        freeze_all(tx, allotment, limit)
        found = sorted(
            tx.scalars(select(delivery.c.reader_id).where(delivery.c.issue_id == allotment.issue_id))
        )
        freeze.remove_slices(tx, allotment.issue_id)
        for table in (subscription, reader, issue):
            tx.execute(table.delete())
        active = [
            number for number, standing in zip(ids, audience, strict=True) if standing is Standing.ACTIVE
        ]
        return found, active

    found, active = store.write(work)

    assert found == active
