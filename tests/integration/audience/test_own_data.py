"""A reader takes away what is stored about them, and has it erased."""

from __future__ import annotations

import orjson
import pytest

from mailer.audience.address import parse_address
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState
from mailer.domain.subscription import Standing
from mailer.storage import readers
from tests.integration.audience.own_settings import Visitor
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.storage.scene import SLUG, release

READER_TABLES = ["reader", "reader_link", "subscription", "letter", "suppression"]


@pytest.fixture
def visitor(room: Room) -> Visitor:
    """A subscribed reader at their settings, with a copy that waits."""
    room.subscribe()
    room.store.write(release)
    return Visitor(room).open()


def test_the_export_holds_everything(visitor: Visitor) -> None:
    """Every table with a row of the reader's speaks in it, and it can be written as JSON."""
    visitor.add("other")

    found = visitor.export()

    assert found is not None
    assert found["address"] == ADDRESS
    assert [each["newsletter"] for each in found["subscriptions"]] == ["other", SLUG]
    assert found["subscriptions"][1]["consent_channel"] == "sign-up form"
    assert [copy["state"] for copy in found["copies_of_issues"]] == [DeliveryState.QUEUED]
    assert {letter["kind"] for letter in found["letters_counted"]} == {LetterKind.MANAGE}
    assert LetterKind.WELCOME in {letter["kind"] for letter in found["letters_waiting"]}
    assert [link["purpose"] for link in found["links_that_work"]] == ["settings"]
    assert orjson.loads(orjson.dumps(found))["is_discreet"] is False


def test_the_export_holds_nobody_else(visitor: Visitor) -> None:
    """Nor what would open a link."""
    visitor.room.subscribe("other@example.org")

    written = orjson.dumps(visitor.export()).decode()

    assert "other@example.org" not in written
    assert visitor.secret not in written


def test_the_export_names_every_column_of_the_reader(visitor: Visitor) -> None:
    """What is added to the table one day is added here."""
    found = visitor.export()

    (row,) = visitor.room.store.rows("reader")
    shown = {
        "id": None,
        "public_id": "identifier_in_links",
        "sealed_address": "address",
        "address_index": "keyed_hash_of_address",
        "provider_group": "provider_group",
        "language": "language",
        "missing_choice": "if_not_translated",
        "paused_until": "paused_until",
        "is_discreet": "is_discreet",
    }
    assert found is not None
    assert row.keys() == shown.keys()
    assert {name for name in shown.values() if name} <= found.keys()


def test_erasing_leaves_no_row(visitor: Visitor) -> None:
    """Address, subscriptions, links and letters; the copy that waited is left out, the books hold."""
    visitor.add("other")
    visitor.move("new@example.org")

    assert visitor.erase()

    assert [visitor.room.store.rows(name) for name in READER_TABLES] == [[]] * len(READER_TABLES)
    index = visitor.room.vault.index(parse_address(ADDRESS))
    assert visitor.room.store.rows("letter_count", address_index=index) == []
    (copy,) = visitor.room.store.rows("delivery")
    assert (copy["state"], copy["reason"]) == (DeliveryState.SKIPPED, "unsubscribed")
    (chunk,) = visitor.room.store.rows("chunk")
    assert (chunk["queued"], chunk["skipped"]) == (0, 1)


def test_erasing_again_does_nothing(visitor: Visitor) -> None:
    """The link went with everything else."""
    visitor.erase()
    before = visitor.room.store.contents()

    assert not visitor.erase()
    assert visitor.room.store.contents() == before


def test_a_fingerprint_is_kept_on_request(visitor: Visitor) -> None:
    """A keyed hash that says "never mail", and nothing else; no sign-up lifts it, and none is answered."""
    visitor.erase(keeps_block=True)

    (row,) = visitor.room.store.rows("suppression")
    assert (row["reason"], row["since_month"]) == (Standing.BLOCKED, "2026-11")
    assert visitor.room.sign_up() == []
    assert visitor.room.store.rows("suppression") == [row]


def test_without_the_request_a_block_goes_too(visitor: Visitor) -> None:
    """Erased is erased."""
    visitor.room.suppress(Standing.COMPLAINED)

    reader = visitor.room.reader()
    visitor.room.store.write(lambda tx: readers.set_standing(tx, reader.id, SLUG, Standing.ACTIVE))

    visitor.erase()

    assert visitor.room.store.rows("suppression") == []


def test_erasing_takes_back_what_was_asked_for_and_waits(visitor: Visitor) -> None:
    """A sign-up and a request for a link, not decided yet, mail nobody any more; another's stays."""
    room = visitor.room
    room.ask(newsletter="other")
    room.ask("neighbour@example.org")

    assert visitor.erase()

    room.decide()
    assert room.find(ADDRESS) is None
    assert room.find("neighbour@example.org") is not None


def test_one_reader_is_erased_and_no_other(visitor: Visitor) -> None:
    """Their rows stay as they were."""
    visitor.room.subscribe("other@example.org")
    other = visitor.room.reader("other@example.org")
    before = visitor.room.store.rows("subscription", reader_id=other.id)

    visitor.erase()

    assert [row["id"] for row in visitor.room.store.rows("reader")] == [other.id]
    assert visitor.room.store.rows("subscription") == before
