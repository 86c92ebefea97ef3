"""The sentence beside a proposal: read from the sealed mail, without an address, or not at all."""

from __future__ import annotations

from mailer.audience.keys import seeded_keys
from mailer.audience.vault import Vault
from mailer.bounces import decisions
from mailer.bounces.asking import asking_words
from mailer.domain.returned_mail import MailKind, ReturnedMail
from mailer.storage import reports
from tests.integration.bounces.sorting_room import SortingRoom, address_of

RAW = (
    "From: Jan <reader1@example.org>\r\nSubject: Re: Weekly\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    "Добры дзень! Адпішыце мяне, reader1@example.org ці jan@example.net ! Дзякуй.\r\n"
).encode()


def asked(room: SortingRoom, vault: Vault | None = None) -> list[str]:
    """Return what is shown beside the proposals that wait."""
    proposals = room.store.read(decisions.waiting).proposals
    return room.store.run(asking_words(room.store.database, vault or room.vault, proposals))


def propose(room: SortingRoom) -> None:
    """Let a reader write that they want to leave."""
    (reader_id,) = room.subscribe()
    room.store_report("", RAW)
    room.follow(room.read(ReturnedMail(MailKind.HUMAN), sender=address_of(reader_id), writes_to_leave=True))


def test_only_the_sentence_that_asks_is_shown(room: SortingRoom) -> None:
    """In the language it was written in; every address is masked, the writer's and others'."""
    propose(room)

    assert asked(room) == ["Адпішыце мяне, ‹…› ці ‹…› !"]


def test_a_mail_that_is_kept_no_more_says_nothing(room: SortingRoom) -> None:
    """The proposal stands without its words."""
    propose(room)
    room.wait(days=40)
    room.store.write(lambda tx: reports.mark_read(tx, {1: MailKind.HUMAN}, room.now))
    room.store.write(lambda tx: reports.remove_older(tx, room.now, 10))

    assert asked(room) == [""]


def test_without_the_key_nothing_is_said(room: SortingRoom) -> None:
    """As on a machine to which it was not lent."""
    propose(room)

    assert asked(room, Vault(seeded_keys(b"others"))) == [""]
