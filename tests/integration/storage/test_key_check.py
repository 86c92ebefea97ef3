"""What the database keeps to tell its own keys from others."""

from __future__ import annotations

from mailer.storage import Transaction, installation, key_check, newsletters
from mailer.storage.installation import Identity
from mailer.storage.key_check import KeyEvidence
from tests.integration.storage.scene import NOW, Store, add_reader, weekly


def test_a_new_database_knows_nothing_of_keys(store: Store) -> None:
    """No word and no reader."""
    assert store.read(key_check.find) == KeyEvidence(None, None)


def test_the_first_word_stays(store: Store) -> None:
    """It is stored with the identity, once."""
    store.write(lambda tx: installation.make(tx, Identity("ab" * 16, 0, NOW, is_sample=False)))

    for word in (b"first", b"second"):
        store.write(lambda tx, word=word: key_check.put(tx, word))  # type: ignore[misc]

    assert store.read(key_check.find) == KeyEvidence(b"first", None)


def test_a_word_gives_way_only_to_who_has_read_it(store: Store) -> None:
    """Of two processes that write at once, the second one changes nothing."""
    store.write(lambda tx: installation.make(tx, Identity("ab" * 16, 0, NOW, is_sample=False)))
    store.write(lambda tx: key_check.put(tx, b"first"))

    assert store.write(lambda tx: key_check.put(tx, b"second", before=b"first"))
    assert not store.write(lambda tx: key_check.put(tx, b"third", before=b"first"))

    assert store.read(key_check.find) == KeyEvidence(b"second", None)


def test_a_reader_is_evidence_too(store: Store) -> None:
    """The sealed address of some reader, with what it is sealed to."""

    def work(tx: Transaction) -> None:
        newsletters.save(tx, weekly())
        add_reader(tx, 1)

    store.write(work)

    (row,) = store.rows("reader")
    assert store.read(key_check.find).sealed_address == (row["sealed_address"], row["public_id"])
