"""The room where returned mail is followed, on a real database with real keys; time is what the test says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from mailer.audience.address import parse_address
from mailer.audience.keys import Keys, seeded_keys
from mailer.audience.vault import Vault
from mailer.bounces.consequences import Rules, follow
from mailer.bounces.guarding import turn_back, watch
from mailer.bounces.matching import Matching, Reading
from mailer.bounces.stored import Arrived, sealed
from mailer.domain.consequence import Effect
from mailer.domain.delivery import DeliveryState
from mailer.domain.guard import GuardRule
from mailer.domain.issue import IssueMove
from mailer.domain.language import Language
from mailer.domain.period import parse_period
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail
from mailer.domain.strikes import StrikeRule
from mailer.domain.subscription import Standing
from mailer.domain.token import Token
from mailer.storage import Transaction, editions, freeze, issues, newsletters, readers, reports
from mailer.storage.consequences import Consequence
from mailer.storage.freeze import Allotment, Choice
from mailer.storage.guards import Guard
from mailer.storage.readers import Reader
from mailer.storage.tables import chunk, delivery
from tests.integration.storage.scene import CHOICES, EN, NODE, NOW, SLUG, Store, edition, weekly

UNKNOWN_USER = "550 5.1.1 <{0}>: Recipient address rejected: User unknown"
FULL = "552 5.2.2 Mailbox full"
POLICY = "550 5.7.1 Message rejected as spam by content filter"
STRICT = Rules(StrikeRule(3, timedelta(days=21)), GuardRule())


def address_of(number: int) -> str:
    """Return the address of reader *number*."""
    return f"reader{number}@example.org"


@dataclass
class SortingRoom:
    """Readers, issues that were sent to them, and what comes back."""

    store: Store
    now: datetime = NOW
    keys: Keys = field(default_factory=lambda: seeded_keys(b"sorting room"))
    rules: Rules = STRICT
    count: int = 0

    def __post_init__(self) -> None:
        self.vault = Vault(self.keys)
        self.matching = Matching(self.vault, self.keys)
        self.store.write(lambda tx: [newsletters.save(tx, weekly(slug)) for slug in (SLUG, "other")])

    def subscribe(
        self, count: int = 1, *, group: str = "other", to: Sequence[str] = (SLUG,), **values: Any
    ) -> list[int]:
        """Store active readers; return their ids, which are their numbers too."""
        values = {"standing": Standing.ACTIVE, "changed_month": "2026-10", **values}

        def work(tx: Transaction) -> list[int]:
            made = []
            for number in range(self.count + 1, self.count + count + 1):
                address = parse_address(address_of(number))
                public_id = hashlib.sha256(b"%d" % number).digest()[:12]
                sealed_address = self.vault.seal(address.spec.encode(), public_id)
                index = self.vault.index(address)
                reader = Reader(0, public_id, sealed_address, index, group, EN, None)
                made.append(readers.add(tx, reader).id)
                for slug in to:
                    readers.set_standing(tx, made[-1], slug, **values)
            return made

        made = self.store.write(work)
        self.count += count
        return made

    def send(self, *, week: int = 47, slug: str = SLUG) -> int:
        """Send the issue of a week to every active reader at this moment; all are taken. Return its id."""

        def work(tx: Transaction) -> int:
            issue = issues.build(tx, slug, parse_period(f"2026-W{week}"), words={}, now=self.now)
            issues.advance(tx, issue.id, IssueMove.RELEASE, releasing_node=NODE)
            numbers = {each: editions.add(tx, edition(issue.id, each)) for each in Language}
            plans = {
                Choice(each, None if rule is None else str(rule)): numbers[each]
                for each in Language
                for rule in CHOICES
            }
            allotment = Allotment(issue.id, slug, plans, frozenset(), self.now)
            last: int | None = 0
            while last is not None:
                last = freeze.write_slice(tx, allotment, last)
            issues.advance(
                tx,
                issue.id,
                IssueMove.FREEZE_DONE,
                releasing_node=None,
                released_at=self.now,
                deadline_at=self.now + timedelta(days=1),
            )
            taken = {"state": DeliveryState.ACCEPTED, "settled_at": self.now, "attempts": 1}
            tx.execute(update(delivery).where(delivery.c.issue_id == issue.id).values(taken))
            counted = {"accepted": chunk.c.size, "queued": 0, "next_at": None}
            tx.execute(update(chunk).where(chunk.c.issue_id == issue.id).values(counted))
            return issue.id

        return self.store.write(work)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def reader(self, reader_id: int) -> Reader:
        """Return a reader who is there."""
        found = self.store.read(lambda tx: readers.by_id(tx, reader_id))
        assert found is not None
        return found

    def standing(self, reader_id: int, slug: str = SLUG) -> Standing:
        """Return where a reader stands."""
        return self.store.read(lambda tx: readers.standing(tx, reader_id, slug))

    def return_path(self, reader_id: int, issue_id: int | None, *, slug: str = SLUG) -> str:
        """Return the return path of a copy, or of a Letter."""
        number = self.store.read(lambda tx: newsletters.identifier(tx, slug))
        public_id = hashlib.sha256(b"%d" % reader_id).digest()[:12]
        token = Token(public_id, issue_id) if issue_id else Token(public_id, newsletter=number)
        return f"{self.keys.return_path.return_path(token)}@returns.example.org"

    def store_report(
        self, recipient: str, raw: bytes = b"a report", *, door: str = "smtp", **values: Any
    ) -> int:
        """Store a report unread; return its id, 0 where it is known."""
        arrived = Arrived(door, values.pop("sender", ""), recipient, raw, **values)
        report = sealed(self.vault, arrived, self.now)
        self.store.write(lambda tx: reports.add(tx, report))
        return int(self.store.rows("report")[-1]["id"])

    def follow(self, *readings: Reading) -> list[Consequence]:
        """Follow reports in one transaction, as the backlog does."""

        def work(tx: Transaction) -> tuple[list[Consequence], list[Guard]]:
            done = [follow(tx, self.matching, each, self.rules, self.now) for each in readings]
            written = [each for each in done if each is not None]
            return written, watch(tx, written, self.rules, self.now)

        written, began = self.store.write(work)
        if began:
            self.store.run(turn_back(self.store.database, now=self.now))
        return written

    def read(self, mail: ReturnedMail, recipient: str = "", **values: Any) -> Reading:
        """Return a reading of *mail*, as if it had come in now."""
        asks = values.pop("writes_to_leave", False)
        arrived = Arrived(values.pop("door", "smtp"), values.pop("sender", ""), recipient, b"", **values)
        return Reading(1, self.now, arrived, mail, asks)

    def bounce(
        self, reader_id: int, issue_id: int | None, said: str = UNKNOWN_USER, **values: Any
    ) -> Reading:
        """Return a reading of a bounce of a reader's copy."""
        address = values.pop("address", address_of(reader_id))
        notice = Notice(address, text=said.format(address), **values)
        mail = ReturnedMail(MailKind.BOUNCE, (notice,))
        return self.read(mail, self.return_path(reader_id, issue_id))

    def come_back(
        self, reader_id: int, issue_id: int | None, said: str = UNKNOWN_USER, **values: Any
    ) -> Effect:
        """Let a reader's copy come back; return what it leads to."""
        (written,) = self.follow(self.bounce(reader_id, issue_id, said, **values))
        return written.effect

    def effects(self) -> list[Effect]:
        """Return the effect of everything that was written down, oldest first."""
        return [row["effect"] for row in self.store.rows("consequence")]

    def contents(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return every row of every table."""
        return self.store.contents()

    def set_copy(self, issue_id: int, reader_id: int, state: DeliveryState, **values: Any) -> None:
        """Give a copy another state."""
        key = (delivery.c.issue_id == issue_id) & (delivery.c.reader_id == reader_id)
        self.store.write(lambda tx: tx.execute(update(delivery).where(key).values(state=state, **values)))

    def copies(self, issue_id: int) -> dict[int, DeliveryState]:
        """Return the state of an issue's copies by reader."""
        columns = (delivery.c.reader_id, delivery.c.state)
        statement = select(*columns).where(delivery.c.issue_id == issue_id)
        return self.store.read(lambda tx: {row[0]: row[1] for row in tx.execute(statement)})
