"""Letters from people that reach a return path: handed on to the newsroom, or kept for the desk.

Somebody answered to the wrong address, and is answered nowhere else: so their letter never ends here
(design §6). It goes out as a Letter that encloses it, queued in the transaction that marks it as read:
once, whatever happens. What is a machine's never gets here, and our own Letters say that they are one
(RFC 3834), so two mailboxes that forward to each other end after one round.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.audience.address import Address, NotAnAddress, parse_address
from mailer.audience.vault import Vault
from mailer.bounces.incoming import take_in
from mailer.bounces.matching import PROVEN_DOORS, Reading
from mailer.bounces.message import open_message
from mailer.bounces.stored import opened
from mailer.config_returned import ReturnedSettings
from mailer.domain.content import LetterKind
from mailer.domain.returned_mail import MailKind
from mailer.domain.subscription import COUNTERS_KEPT
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.errors import KeysError, SettingsError
from mailer.rendering.enclosure import enclosure
from mailer.storage import Transaction, letters, newsletters, reports
from mailer.storage.letters import Letter

MOST_PER_HOUR = 60
"""Letters handed on in an hour; the rest waits on the desk."""
MOST_OF_ONE_PER_HOUR = 5
"""Of these, so many from one address."""
WORTH_SENDING = timedelta(days=5)
"""How long it is tried to hand a letter on: as long as mail servers do (RFC 5321 §4.5.4.1)."""
_HOUR = timedelta(hours=1)
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Hands letters on to one address.

    Attributes:
        vault: seals what is handed on.
        newsroom: who gets it.
    """

    vault: Vault
    newsroom: Address = field(repr=False)

    @classmethod
    def of(cls, settings: ReturnedSettings, vault: Vault) -> Forwarding | None:
        """
        Return what the settings say; None where they name no newsroom.

        Raises:
            SettingsError: what they name is no address.
        """
        if not settings.newsroom:
            return None
        try:
            return cls(vault, parse_address(settings.newsroom))
        except NotAnAddress as error:
            raise SettingsError(
                "[returned] newsroom is not an e-mail address; write there who reads readers' letters"
            ) from error

    def hand_on(self, tx: Transaction, reading: Reading, now: datetime) -> bool:
        """
        Queue a person's letter for the newsroom, in the transaction in which it is marked as read.

        Returns:
            False when it stays on the desk: too many came within an hour, or there is no newsletter yet.
        """
        if reading.kind is not MailKind.HUMAN or reading.arrived.door in PROVEN_DOORS:
            return False
        slugs = newsletters.slugs(tx)
        sender = _address(take_in(open_message(reading.arrived.raw)).sender)
        counted = _NOBODY if sender is None else self.vault.index(sender)
        lately = letters.queued_since(tx, LetterKind.FORWARD, now - _HOUR)
        # Each is counted twice: by itself, and by its sender.
        is_too_many = len(lately) >= 2 * MOST_PER_HOUR or lately.count(counted) >= MOST_OF_ONE_PER_HOUR
        if is_too_many or not slugs:
            return False
        letters.add(tx, self._letter(tx, reading, sender, slugs[0], now))
        letters.count(tx, counted, LetterKind.FORWARD, now)
        put_away(tx, reading.report_id, now)
        return True

    def _letter(
        self, tx: Transaction, reading: Reading, sender: Address | None, slug: str, now: datetime
    ) -> Letter:
        newsletter = newsletters.pick(tx, slug)
        language = newsletter.languages[0]
        # An address beyond ASCII can't stand in a header (RFC 6532 aside): it is in the letter.
        answers = sender.spec if sender is not None and sender.spec.isascii() else ""
        inside = {
            "to": self.newsroom.spec,
            "secret": "",
            "reply_to": answers or newsletter.reply_to.get(language) or newsletter.sender,
            "enclosed": enclosure(reading.arrived.raw).decode("ascii"),
        }
        seal_id = os.urandom(PUBLIC_ID_BYTES)
        return Letter(
            kind=LetterKind.FORWARD,
            language=language,
            newsletter=slug,
            # Nobody's: should it come back, no reader is meant.
            public_id=os.urandom(PUBLIC_ID_BYTES),
            seal_id=seal_id,
            sealed=self.vault.seal_values(inside, seal_id),
            created_at=now,
            not_after=now + WORTH_SENDING,
        )


@dataclass(frozen=True, slots=True)
class PersonsLetter:
    """A letter as the desk shows it.

    Attributes:
        sender: as it says; easily forged.
        subject: encoded-words read.
        text: for people, at most 12,000 characters.
        raw: as it came.
    """

    report_id: int
    received_at: datetime
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    raw: bytes = field(repr=False)


def people_waiting(tx: Transaction, now: datetime) -> dict[int, datetime]:
    """Return the letters that nobody was handed, nor has put away: when each came, by id, oldest first."""
    return reports.unanswered(tx, MailKind.HUMAN, LetterKind.FORWARD, now - COUNTERS_KEPT)


def open_letter(tx: Transaction, vault: Vault, report_id: int) -> PersonsLetter | None:
    """Return a letter from a person; None once it has been removed, or if its key is gone."""
    report = reports.get(tx, report_id)
    try:
        arrived = None if report is None else opened(vault, report)
    except KeysError:
        return None
    if report is None or arrived is None:
        return None
    letter = take_in(open_message(arrived.raw))
    return PersonsLetter(
        report_id, report.received_at, letter.sender, letter.subject, letter.text, arrived.raw
    )


def put_away(tx: Transaction, report_id: int, now: datetime) -> None:
    """Note that a letter no longer waits: somebody has been handed it, or has read it on the desk."""
    report = reports.get(tx, report_id)
    if report is not None:
        # By its digest, in the place of an address' index: both are 32 bytes that say nothing by themselves.
        letters.count(tx, report.digest, LetterKind.FORWARD, now)


def _address(written: str) -> Address | None:
    try:
        return parse_address(written)
    except NotAnAddress:
        return None
