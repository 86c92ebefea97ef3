"""What is sealed is found by its key, in every table, and replaced only where it is unchanged."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import insert, update

from mailer.storage import Transaction, installation, key_check, newsletters, readers, resealing
from mailer.storage.installation import Identity
from mailer.storage.resealing import PLACES, Place, SealedValue
from mailer.storage.tables import metadata, signup_request
from tests.integration.storage.meeting import under_way
from tests.integration.storage.scene import NOW, Store, add_readers, weekly

OLD, NEW = b"\x01\x01", b"\x01\x02"
REQUESTS = next(place for place in PLACES if place.sealed.table is signup_request)


def requests(store: Store, heads: Sequence[bytes]) -> None:
    """Store sign-ups, one sealed under each head."""
    rows = [
        {"public_id": b"public-id-%02d" % number, "sealed": head + b"%d" % number, "received_at": NOW}
        for number, head in enumerate(heads)
    ]
    store.write(lambda tx: tx.execute(insert(signup_request), rows))


def slices(store: Store, place: Place, limit: int) -> list[list[bytes]]:
    """Return all slices of a place, as a rotation takes them."""
    after, found = None, []
    while taken := store.read(lambda tx, after=after: resealing.slice_of(tx, place, NEW, after, limit)):  # type: ignore[misc]
        found.append([value.sealed for value in taken])
        after = taken[-1].key
    return found


def test_every_sealed_column_is_taken_through() -> None:
    """A table that comes with a sealed value is added to PLACES."""
    sealed = {
        column
        for table in metadata.tables.values()
        for column in table.columns
        if re.match(r"sealed", column.name)
    }

    assert {place.sealed for place in PLACES} == sealed


def test_values_are_counted_by_key(store: Store) -> None:
    """In all tables together, with the installation's own word; what is empty counts for nothing."""

    def work(tx: Transaction) -> None:
        newsletters.save(tx, weekly())
        installation.make(tx, Identity("ab" * 16, 0, NOW, is_sample=False))
        key_check.put(tx, NEW + b"word")
        _, second, _ = add_readers(tx, 3)
        readers.forget_address(tx, second)

    store.write(work)
    requests(store, [OLD, NEW, NEW])

    # Readers of the scene begin with “se”, whose second letter stands where the key id does.
    assert store.read(resealing.counts) == {1: 1, 2: 3, ord("e"): 2}


def test_slices_leave_out_what_is_new_and_end(store: Store) -> None:
    """Each value under another key once, in the order of the table."""
    requests(store, [OLD, NEW, OLD, OLD, NEW, OLD])

    assert slices(store, REQUESTS, 3) == [[OLD + b"0", OLD + b"2", OLD + b"3"], [OLD + b"5"]]


def test_what_was_changed_meanwhile_stays(store: Store) -> None:
    """What somebody wrote after the value was read is newer."""
    requests(store, [OLD, OLD])
    one, two = store.read(lambda tx: resealing.slice_of(tx, REQUESTS, NEW, None, 9))
    as_it_was = SealedValue(two.key, two.seal_id, b"read earlier")

    store.write(lambda tx: resealing.put(tx, REQUESTS, [(one, NEW + b"a"), (as_it_was, NEW + b"b")]))

    assert [row["sealed"] for row in store.rows("signup_request")] == [NEW + b"a", OLD + b"1"]


def test_a_row_that_somebody_holds_is_not_waited_for(store: Store, other_store: Store) -> None:
    """Two that wait for each other's rows would cost one of them its transaction (PostgreSQL)."""
    if store.database.is_embedded:
        return  # one transaction at a time holds everything
    requests(store, [OLD, OLD])
    values = store.read(lambda tx: resealing.slice_of(tx, REQUESTS, NEW, None, 9))
    anew = [(value, NEW + b"anew") for value in values]

    def hold(tx: Transaction) -> None:
        tx.execute(update(signup_request).where(REQUESTS.key == values[0].key).values(due_at=NOW))

    with under_way(other_store, hold):
        free = store.write(lambda tx: resealing.put(tx, REQUESTS, anew))

    assert free == 1
    assert [row["sealed"] for row in store.rows("signup_request")] == [OLD + b"0", NEW + b"anew"]
    assert store.write(lambda tx: resealing.put(tx, REQUESTS, anew[:1])) == 1
