"""Matching: whom a message that came back is about, by what only our own mails hold (design §6).

Anybody can write a bounce. So an address in it is believed of nobody: the token of a copy that we did
send has to stand in it. Only a provider that proved itself (its webhook is signed, or knows our password)
may name a reader by address alone, and only one to whom we wrote lately.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.audience.address import NotAnAddress, parse_address
from mailer.audience.keys import Keys
from mailer.audience.vault import Vault
from mailer.bounces.stored import Arrived
from mailer.domain.consequence import Proof
from mailer.domain.reply import mask
from mailer.domain.return_address import is_to_leave, token_text
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail
from mailer.domain.token import Token
from mailer.storage import Transaction, returned_copies
from mailer.storage.readers import Reader
from mailer.storage.returned_copies import SentCopy

PROVEN_DOORS = frozenset({"ses", "sendgrid", "mailgun", "postmark", "brevo"})
"""Doors that take only what a provider signed, or sent with our password."""
LATELY = timedelta(days=14)
"""How long after a copy went out a provider may still name its reader by address alone."""

_IN_LINK = re.compile(r"/u/([A-Za-z0-9_-]{36})(?![A-Za-z0-9_-])")
_IN_MAILTO = re.compile(r"unsubscribe(?:\+|%2B)([a-z2-7]{44})@", re.IGNORECASE)
# Somebody wrote it. It tells nothing about a copy: the token alone has to be ours.
_WRITTEN = frozenset({MailKind.UNSUBSCRIBE, MailKind.HUMAN})


@dataclass(frozen=True, slots=True)
class Reading:
    """One report, read.

    Attributes:
        writes_to_leave: a person's mail asks to be taken off the list.
    """

    report_id: int
    received_at: datetime
    arrived: Arrived = field(repr=False)
    mail: ReturnedMail = field(repr=False)
    writes_to_leave: bool = False

    @property
    def kind(self) -> MailKind:
        """What it is, by what it says and by which way it came.

        Only the address that List-Unsubscribe names unsubscribes at once, as its link does, and a
        provider that proved itself. The same words to any other address are a person's mail.
        """
        if self.mail.kind not in _WRITTEN or self.arrived.door in PROVEN_DOORS:
            return self.mail.kind
        return MailKind.UNSUBSCRIBE if is_to_leave(self.arrived.recipient) else MailKind.HUMAN

    @property
    def asks_to_leave(self) -> bool:
        """Whether a person has to decide on a wish to leave."""
        says_so = self.writes_to_leave or self.mail.kind is MailKind.UNSUBSCRIBE
        return self.kind is MailKind.HUMAN and says_so


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a report is about, and what it says of them.

    Attributes:
        copy: of which mail of ours.
        notice: what it says of this reader; None where it says nothing of anybody.
        names_other: it names addresses, and none is the reader's.
    """

    copy: SentCopy
    proof: Proof
    notice: Notice | None
    names_other: bool

    @property
    def token(self) -> Token:
        """The token of that mail."""
        public_id = self.copy.reader.public_id
        if self.copy.issue_id is not None:
            return Token(public_id, issue=self.copy.issue_id)
        return Token(public_id, newsletter=self.copy.newsletter_id)


@dataclass(frozen=True, slots=True)
class Matching:
    """Finds readers by tokens and by the keyed index."""

    vault: Vault
    keys: Keys

    def find(self, tx: Transaction, reading: Reading) -> Match | None:
        """Return whom a report is about, or None: then nothing follows from it."""
        if reading.kind is MailKind.BOUNCE and is_to_leave(reading.arrived.recipient):
            # No mail of ours comes from there, and its header shows that address to whoever has one.
            return None
        needs_copy = reading.kind not in _WRITTEN
        for token, proof in self._tokens(reading):
            copy = _copy_of(tx, token)
            if copy is not None and (copy.was_sent or not needs_copy):
                return self._match(copy, proof, reading.mail.notices)
        if reading.arrived.door in PROVEN_DOORS:
            return self._by_address(tx, reading)
        if reading.asks_to_leave:
            return self._by_sender(tx, reading.arrived.sender)
        return None

    def knows(self, reading: Reading) -> bool:
        """Tell whether a token of ours stands in a report, whoever's it is."""
        return next(self._tokens(reading), None) is not None

    def masked(self, text: str, reader: Reader, notice: Notice) -> str:
        """Return a server's words fit to be stored: no address in them."""
        for spelling in (self._address(reader), notice.recipient or "", *notice.also):
            text = mask(text, spelling)
        return text

    def _tokens(self, reading: Reading) -> Iterator[tuple[Token, Proof]]:
        """Yield the tokens in a report that are ours, the surest first."""
        mail, return_path = reading.mail, self.keys.return_path
        places = [
            token_text(reading.arrived.recipient),
            token_text(mail.envelope_id or ""),
            token_text(mail.return_path or ""),
            *_IN_MAILTO.findall(mail.unsubscribe or ""),
        ]
        for place in places:
            if place and (token := return_path.read_return_path(place)) is not None:
                yield token, Proof.RETURN_PATH
        for place in _IN_LINK.findall(mail.unsubscribe or ""):
            if (token := self.keys.link.read_link(place)) is not None:
                yield token, Proof.LINK

    def _by_address(self, tx: Transaction, reading: Reading) -> Match | None:
        for notice in reading.mail.notices:
            for spelling in filter(None, (notice.recipient, *notice.also)):
                index = self._index(spelling)
                copy = index and returned_copies.newest_to(tx, index, reading.received_at - LATELY)
                if copy:
                    return Match(copy, Proof.RETURN_PATH, notice, names_other=False)
        return None

    def _by_sender(self, tx: Transaction, sender: str) -> Match | None:
        """Find who wrote by hand: a sender is easily forged, so this only ever becomes a proposal."""
        index = self._index(sender)
        copy = index and returned_copies.subscribed(tx, index)
        return Match(copy, Proof.LINK, None, names_other=False) if copy else None

    def _match(self, copy: SentCopy, proof: Proof, notices: Sequence[Notice]) -> Match:
        """Choose what is said of this reader.

        A forwarded mail comes back in the name of an address that we never wrote to: the token shows
        whose copy it was, but the mailbox that is gone is another one, and the reader may well read a
        copy that stayed. So words about another address never condemn, they are a strike at most.
        Where Original-Recipient is the reader's address, RFC 3464 §2.3.1 says that it is about them.
        """
        named = [notice for notice in notices if _names(notice)]
        theirs = [notice for notice in named if self._is(copy.reader, _names(notice))]
        unnamed = [notice for notice in notices if notice not in named]
        chosen = theirs or unnamed or named
        return Match(copy, proof, chosen[0] if chosen else None, names_other=bool(named) and not theirs)

    def _is(self, reader: Reader, names: Sequence[str]) -> bool:
        """Tell whether one of these addresses is the reader's, in whatever spelling."""
        local, _, domain = self._address(reader).lower().rpartition("@")
        for name in names:
            # Some servers name the mailbox by its local part alone.
            its_local, _, its_domain = (
                name.lower().rpartition("@") if "@" in name else (name.lower(), "", domain)
            )
            if local and local == its_local and _is_host_of(its_domain, domain):
                return True
            if self._index(name) == reader.address_index:
                return True
        return False

    def _address(self, reader: Reader) -> str:
        """The reader's address in plain; empty once it has been forgotten."""
        if reader.sealed_address is None:
            return ""
        return self.vault.open(reader.sealed_address, reader.public_id).decode()

    def _index(self, spelling: str) -> bytes | None:
        try:
            return self.vault.index(parse_address(spelling))
        except NotAnAddress:
            return None


def _copy_of(tx: Transaction, token: Token) -> SentCopy | None:
    if token.issue is not None:
        return returned_copies.of_issue(tx, token.public_id, token.issue)
    return returned_copies.of_newsletter(tx, token.public_id, token.newsletter or 0)


def _names(notice: Notice) -> tuple[str, ...]:
    return tuple(filter(None, (notice.recipient, *notice.also)))


def _is_host_of(one: str, other: str) -> bool:
    """Tell whether a domain is another, or a host in it: servers write mailboxes as user@mx.example.org."""
    return one == other or one.endswith("." + other) or other.endswith("." + one)
