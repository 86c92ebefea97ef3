"""A database with a newsletter, readers and released issues, and what a test asks of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from mailer.audience.address import parse_address
from mailer.audience.keys import Keys, seeded_keys
from mailer.audience.post import Recipient, letter
from mailer.audience.vault import Vault
from mailer.delivery.letterpress import letterhead
from mailer.domain.books import Books
from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.issue import IssueMove
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter, UnknownPolicy
from mailer.domain.period import week
from mailer.domain.provider import provider_group
from mailer.domain.subscription import Standing
from mailer.editorial.sample import sample_newsletter
from mailer.rendering import holes
from mailer.rendering.letterhead import edition_skeleton
from mailer.storage import (
    Database,
    Transaction,
    books,
    editions,
    freeze,
    issues,
    letters,
    newsletters,
    readers,
)
from mailer.storage.editions import StoredEdition
from mailer.storage.freeze import Allotment, Choice
from mailer.storage.readers import Reader

NODE = "node-1"
LINKS = Links("https://weekly.example.org")
SECRETS: Keys = seeded_keys(b"delivery tests")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """A database with a newsletter; readers and issues are put in as a test asks."""

    database: Database
    vault: Vault = field(default_factory=lambda: Vault(SECRETS))

    async def furnish(self, policy: UnknownPolicy = UnknownPolicy.RESEND) -> None:
        """Store the newsletter."""
        newsletter = replace(sample_newsletter(), unknown_policy=policy)
        await self.database.write(lambda tx: newsletters.save(tx, newsletter))

    async def subscribe(self, addresses: Sequence[str], language: Language = Language.ENGLISH) -> None:
        """Put confirmed readers in."""

        def work(tx: Transaction) -> None:
            slug = newsletters.slugs(tx)[0]
            for each in addresses:
                address, public_id = parse_address(each), os.urandom(12)
                reader = readers.add(
                    tx,
                    Reader(
                        id=0,
                        public_id=public_id,
                        sealed_address=self.vault.seal(address.spec.encode(), public_id),
                        address_index=self.vault.index(address),
                        provider_group=provider_group(address.domain),
                        language=language,
                        missing_choice=None,
                    ),
                )
                readers.set_standing(tx, reader.id, slug, Standing.ACTIVE, changed_month="2026-11")

        await self.database.write(work)

    async def release(self, number: int = 47) -> int:
        """Freeze an issue for every confirmed reader; return it."""
        return await self.database.write(lambda tx: _release(tx, number))

    async def write_letter(self, address: str, kind: LetterKind = LetterKind.GOODBYE) -> None:
        """Queue a Letter."""
        recipient = Recipient(address, os.urandom(12), Language.ENGLISH, sample_newsletter().slug)
        sealed = letter(self.vault, kind, recipient, now=utc_now(), secret="s" * 43)
        await self.database.write(lambda tx: letters.add(tx, sealed))

    async def books(self, issue_id: int = 1) -> Books:
        """Return an issue's books, after holding the counters against the copies."""

        def work(tx: Transaction) -> tuple[dict[Language, Books], dict[Language, Books]]:
            return books.by_language(tx, issue_id), books.proven(tx, issue_id)

        counted, proven = await self.database.read(work)
        for language, line in counted.items():
            assert line.balance
            assert replace(line, deferred_attempts=0) == proven[language]
        return sum(counted.values(), Books())

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what a statement finds."""
        return await self.database.read(
            lambda tx: [tuple(row) for row in tx.execute(text(statement), values)]
        )

    async def execute(self, *statements: str) -> None:
        """Change the database under everybody's feet."""
        await self.database.write(lambda tx: [tx.execute(text(statement)) for statement in statements])

    async def copy(self, address: str) -> tuple[str, int, str | None, str | None]:
        """Return (state, attempts, reason, reply) of a reader's copy."""
        index = self.vault.index(parse_address(address))
        statement = (
            "SELECT d.state, d.attempts, d.reason, d.reply FROM delivery d"
            " JOIN reader r ON r.id = d.reader_id WHERE r.address_index = :index"
        )
        ((state, attempts, reason, reply),) = await self.rows(statement, index=index)
        return state, attempts, reason, reply

    async def attempts(self, address: str) -> list[tuple[str, str]]:
        """Return (outcome, stage) of a reader's tries that did not end in Accepted."""
        index = self.vault.index(parse_address(address))
        statement = (
            "SELECT a.outcome, a.stage FROM attempt a JOIN reader r ON r.id = a.reader_id"
            " WHERE r.address_index = :index ORDER BY a.number"
        )
        return [(str(outcome), str(stage)) for outcome, stage in await self.rows(statement, index=index)]


def _release(tx: Transaction, number: int) -> int:
    newsletter = newsletters.pick(tx, None)
    now = utc_now() - timedelta(seconds=1)
    issue = issues.build(tx, newsletter.slug, week(2026, number), words={}, now=now)
    issues.advance(tx, issue.id, IssueMove.RELEASE, releasing_node=NODE)
    by_language = {
        language: editions.add(tx, _edition(newsletter, language, issue.id, now))
        for language in newsletter.languages
    }
    allotment = Allotment(
        issue_id=issue.id,
        newsletter=newsletter.slug,
        editions={Choice(language, None): edition for language, edition in by_language.items()},
        empty=frozenset(),
        released_at=now,
    )
    last: int | None = 0
    while last is not None:
        last = freeze.write_slice(tx, allotment, last)
    deadline_at = now + timedelta(hours=1)
    issues.advance(
        tx, issue.id, IssueMove.FREEZE_DONE, releasing_node=None, released_at=now, deadline_at=deadline_at
    )
    return issue.id


def _edition(newsletter: Newsletter, language: Language, issue_id: int, now: datetime) -> StoredEdition:
    url = LINKS.unsubscribe(holes.TOKEN)
    body = f"Тыдзень у трох мовах.\n\n{url}\n"
    mail = RenderedMail(language, "Тыдзень", f"<!doctype html>\n<p>Тыдзень\n<a\nhref={url}>–</a>\n", body)
    skeleton = edition_skeleton(
        mail, letterhead(newsletter, language, LINKS), issue_key="2026-W47", date=now.replace(microsecond=0)
    )
    return StoredEdition(
        issue_id,
        str(language),
        language,
        mail.subject,
        mail.html,
        mail.text,
        skeleton.pack(),
        skeleton.digest,
    )
