"""Discreet readers get the same texts in a mail that a glance at the mailbox learns nothing from."""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage

from mailer.domain.issue import IssueKind
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.editorial import draft
from mailer.rendering.skeleton import Hole, Skeleton
from mailer.storage import Database, Transaction, archive, editions, preferences, readers
from mailer.storage.editions import DISCREET, StoredEdition
from mailer.storage.preferences import Preferences
from tests.integration.delivery.clockwork import ENGLISH, W47, WEEKLY, Newsroom, add_reader, at

RELEASE = "2026-11-23 08:00"
TOKEN = b"T" * 36
VALUES = {
    Hole.TO: b"reader@example.net",
    Hole.MESSAGE_ID: b"abc",
    Hole.TOKEN: TOKEN,
    Hole.RETURN_TOKEN: b"r" * 44,
}


async def released(
    database: Database, newsletter: Newsletter = WEEKLY, *, discreet: tuple[bool, ...] = (False, True)
) -> dict[int, StoredEdition]:
    """Release an issue to readers, discreet or not; return its editions in the order they are stored."""
    room = await Newsroom(database, newsletter).furnish(W47, reader_count=0)

    def work(tx: Transaction) -> None:
        for number, is_discreet in enumerate(discreet):
            add_reader(tx, number)
            reader = readers.by_id(tx, number + 1)
            assert reader is not None
            preferences.save(tx, reader.id, Preferences(ENGLISH, is_discreet=is_discreet))

    await database.write(work)
    built = await draft.build(database, newsletter, W47, words={}, now=at("2026-11-23 04:00"))
    await room.release(built.issue.id, RELEASE)
    return await database.read(lambda tx: editions.of_issue(tx, built.issue.id))


def message(edition: StoredEdition) -> EmailMessage:
    filled = Skeleton.unpack(edition.skeleton).fill(VALUES)
    return email.message_from_bytes(filled, _class=EmailMessage, policy=email.policy.default)


def text_of(mail: EmailMessage) -> str:
    """Return the text; blanks at a line's end are the room that base64 needs before a hole."""
    part = mail.get_body(("plain",))
    assert part is not None
    return "\n".join(line.rstrip() for line in str(part.get_content()).splitlines())


def test_a_discreet_mail_is_neutral_text(database: Database, runner: asyncio.Runner) -> None:
    """No HTML, and no name of ours in any header; the same texts and the same ways out."""

    async def scene() -> None:
        usual, discreet = (await released(database)).values()

        seen, open_ = message(discreet), message(usual)

        assert seen.get_content_type() == "text/plain"
        assert seen["From"] == "Weekly letter <desk@example.org>"
        assert seen["Subject"] == "Your letter of the week"
        assert seen["List-Id"] == "<news.example.org>"
        same = ("List-Unsubscribe", "List-Unsubscribe-Post", "Date", "Message-ID", "To", "Content-Language")
        assert [seen[name] for name in same] == [open_[name] for name in same]
        assert TOKEN.decode() in seen["List-Unsubscribe"]
        assert text_of(seen).endswith(text_of(open_))
        assert f"/u/{TOKEN.decode()}" in text_of(seen)
        assert open_["List-Id"] == "Weekly <weekly.example.org>"

    runner.run(scene())


def test_a_preview_of_a_discreet_mail_tells_nothing(database: Database, runner: asyncio.Runner) -> None:
    """A locked screen shows the first words, which name neither us nor a topic."""

    async def scene() -> None:
        _, discreet = (await released(database)).values()

        first = " ".join(text_of(message(discreet)).split())[:190].lower()

        assert not [word for word in ("weekly", "society", "headline", "body") if word in first]

    runner.run(scene())


def test_the_newsletters_own_neutral_words_go_before_ours(database: Database, runner: asyncio.Runner) -> None:
    """As newsletter.toml says under [discreet]."""
    own = replace(WEEKLY, discreet_sender_name={ENGLISH: "Aunt"}, discreet_subject={ENGLISH: "Recipes"})

    async def scene() -> None:
        _, discreet = (await released(database, own)).values()

        found = message(discreet)

        assert (found["From"], found["Subject"]) == ("Aunt <desk@example.org>", "Recipes")

    runner.run(scene())


def test_a_page_is_never_made_of_a_discreet_edition(database: Database, runner: asyncio.Runner) -> None:
    """Not even where every reader is discreet."""

    async def scene() -> None:
        frozen = await released(database, discreet=(True, True))

        def shown(tx: Transaction) -> int:
            pages = archive.of_period(tx, WEEKLY.slug, W47, kinds=set(IssueKind))
            return pages[Language.ENGLISH].edition_id

        page = frozen[await database.read(shown)]
        assert not page.plan.startswith(DISCREET)
        assert "Headline" in page.html
        assert [each.html for each in frozen.values() if each.plan.startswith(DISCREET)] == [""]

    runner.run(scene())


def test_without_discreet_readers_nothing_more_is_frozen(database: Database, runner: asyncio.Runner) -> None:
    """An edition that nobody gets would only fill the database."""

    async def scene() -> None:
        assert len(await released(database, discreet=(False, False))) == 1

    runner.run(scene())


def test_a_draft_counts_only_who_would_get_it(database: Database, runner: asyncio.Runner) -> None:
    """Who takes a break is not in its audience until the break is over."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)
        ends = at("2026-11-30 00:00")
        await database.write(lambda tx: preferences.save(tx, 1, Preferences(ENGLISH, paused_until=ends)))
        built = await draft.build(database, room.newsletter, W47, words={}, now=at(RELEASE))

        later = await draft.get(database, built.issue.id, at=ends)

        assert (built.audience, later.audience) == ({ENGLISH: 1}, {ENGLISH: 2})

    runner.run(scene())
