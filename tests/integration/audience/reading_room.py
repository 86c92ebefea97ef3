"""A reader's way, played on a real database with real keys; time is what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from mailer.audience import confirmation, deciding, departure, erasure, signup
from mailer.audience.address import parse_address
from mailer.audience.confirmation import ConfirmLink
from mailer.audience.deciding import Judging
from mailer.audience.departure import Leaver
from mailer.audience.flood import Flood
from mailer.audience.keys import Keys, seeded_keys
from mailer.audience.signup import SignUpForm
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.flood import FloodLimits
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.domain.token import Token
from mailer.storage import Transaction, newsletters, open_database, readers
from mailer.storage.readers import Reader
from mailer.storage.tables import subscription
from tests.integration.storage.forgetting import forget
from tests.integration.storage.meeting import LONG_ENOUGH_S, under_way
from tests.integration.storage.scene import EN, NOW, SLUG, Store, weekly

T = TypeVar("T")
ADDRESS = "Reader.Seven@example.org"
WIDE_OPEN = FloodLimits(None, None, None, attack_at=1_000_000)
"""What a reader's way is about is not how many go it."""


@dataclass
class Room:
    """The audience room as a visitor and the sending process use it."""

    store: Store
    now: datetime = NOW
    keys: Keys = field(default_factory=lambda: seeded_keys(b"reading room"))
    flood: Flood = field(default_factory=lambda: Flood(WIDE_OPEN))

    def __post_init__(self) -> None:
        self.vault = Vault(self.keys)
        self.store.write(lambda tx: [newsletters.save(tx, weekly(slug)) for slug in (SLUG, "other")])

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Play one step."""
        return self.store.run(work)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def ask(
        self,
        address: str = ADDRESS,
        language: Language = EN,
        missing: MissingRule | None = None,
        *,
        newsletter: str = SLUG,
        also: tuple[str, ...] = (),
    ) -> None:
        """Press "subscribe", without anything being decided."""
        form = SignUpForm(address, (newsletter, *also), language, missing)
        self.run(signup.receive(self.store.database, self.vault, form, now=self.now))

    def decide(self) -> int:
        """Do what the sending process does with sign-ups."""
        judging = Judging(self.vault, self.flood)
        return self.run(deciding.decide_waiting(self.store.database, judging, now=self.now))

    def sign_up(self, address: str = ADDRESS, **choices: Any) -> list[LetterKind]:
        """Press "subscribe"; return the letters that follow."""
        known = len(self.letters())
        self.ask(address, **choices)
        self.decide()
        return self.letters()[known:]

    def confirm(self, secret: str | None = None) -> ConfirmLink:
        """Press the button behind a confirm link, the newest unless another is given."""
        secret = secret or self.secret()
        return self.run(confirmation.confirm(self.store.database, self.vault, secret, now=self.now))

    def look(self, secret: str | None = None) -> ConfirmLink:
        """Open a confirm link."""
        return self.run(confirmation.look_up(self.store.database, secret or self.secret(), now=self.now))

    def renew(self, secret: str) -> None:
        """Press the button behind a confirm link that is too old."""
        self.run(confirmation.renew(self.store.database, self.vault, secret, now=self.now))

    def unsubscribe(self, link: str) -> Leaver | None:
        """Press the button behind an unsubscribe link."""
        return self.run(
            departure.unsubscribe(self.store.database, self.vault, self.keys.link, link=link, now=self.now)
        )

    def link(self, reader: Reader, *, issue: int | None = None, newsletter: str = SLUG) -> str:
        """Return the unsubscribe link in a reader's copy of an issue, or in a Letter."""
        number = self.store.read(lambda tx: newsletters.identifier(tx, newsletter))
        token = Token(reader.public_id, issue) if issue else Token(reader.public_id, newsletter=number)
        return self.keys.link.link(token)

    def subscribe(self, address: str = ADDRESS, **choices: Any) -> Reader:
        """Sign up and confirm."""
        self.sign_up(address, **choices)
        self.confirm()
        return self.reader(address)

    def find(self, address: str = ADDRESS) -> Reader | None:
        """Return the reader with that address, or None."""
        index = self.vault.index(parse_address(address))
        return self.store.read(lambda tx: readers.by_index(tx, index))

    def reader(self, address: str = ADDRESS) -> Reader:
        """Return the reader with that address."""
        found = self.find(address)
        assert found is not None
        return found

    def standing(self, address: str = ADDRESS, newsletter: str = SLUG) -> Standing:
        """Return where an address stands."""
        reader = self.find(address)
        if reader is None:
            return Standing.NONE
        return self.store.read(lambda tx: readers.standing(tx, reader.id, newsletter))

    def letters(self) -> list[LetterKind]:
        """Return the kinds of the letters that wait, oldest first."""
        return [row["kind"] for row in self.store.rows("letter")]

    def opened_letters(self) -> list[dict[str, str]]:
        """Return what the letters that wait are sealed around, oldest first."""
        return [self.vault.open_values(row["sealed"], row["seal_id"]) for row in self.store.rows("letter")]

    def secret(self) -> str:
        """Return the secret of the newest confirm letter."""
        pairs = zip(self.letters(), self.opened_letters(), strict=True)
        return [values["secret"] for kind, values in pairs if kind is LetterKind.CONFIRM][-1]

    def suppress(self, standing: Standing, address: str = ADDRESS) -> None:
        """Do what a bounce or a complaint will do: the subscription is suppressed, the address noted."""
        reader = self.reader(address)

        def work(tx: Transaction) -> None:
            readers.set_standing(tx, reader.id, SLUG, standing)
            readers.suppress(tx, reader.address_index, standing, "2026-11")

        self.store.write(work)

    def set_mark(self, reason: Standing, address: str = ADDRESS) -> None:
        """Note that an address must not be mailed, of which nothing else is known."""
        index = self.vault.index(parse_address(address))
        self.store.write(lambda tx: readers.suppress(tx, index, reason, "2026-11"))

    def mark(self, address: str = ADDRESS) -> Standing | None:
        """Return why an address must not be mailed."""
        index = self.vault.index(parse_address(address))
        return self.store.read(lambda tx: readers.mark(tx, index))

    def erase(self, address: str = ADDRESS, *, keeps_block: bool = False) -> bool:
        """Erase an address as an operator does."""
        database, vault = self.store.database, self.vault
        return self.run(
            erasure.erase_address(database, vault, address, keeps_block=keeps_block, now=self.now)
        )

    def forget_expired(self) -> None:
        """Do what a round does."""
        forget(self.store, self.now)


async def both(one: Coroutine[Any, Any, T], two: Coroutine[Any, Any, T]) -> list[T]:
    """Do two things at the same moment."""
    return list(await asyncio.gather(one, two))


async def pressed_together(
    room: Room, database_url: str, one: Coroutine[Any, Any, T], two: Coroutine[Any, Any, T]
) -> list[T]:
    """Do two things of two processes that both find the subscription held, and go on when it is let go."""

    def hold(tx: Transaction) -> None:
        tx.execute(subscription.update().values(changed_month="2026-11"))

    third = Store(open_database(database_url), room.store.runner)
    with under_way(third, hold):
        pressed = asyncio.ensure_future(both(one, two))
        await asyncio.sleep(LONG_ENOUGH_S)
    await third.database.close()
    return await pressed
