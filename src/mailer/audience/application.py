"""An application: one sign-up opened, and what it leads to by the state table (domain/subscription.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.audience.address import Address, parse_address
from mailer.audience.link_secret import new_secret
from mailer.audience.post import Recipient, letter, titles_of
from mailer.audience.signup import FORM, Signs, read_signs, secret_hash
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.mailbox import mailbox_of
from mailer.domain.missing import parse_missing_rule
from mailer.domain.provider import provider_group
from mailer.domain.subscription import CONFIRM_VALID, INVITE_VALID, Event, Standing, may_mail, step
from mailer.storage import Transaction, leavers, letters, readers
from mailer.storage.letters import Letter
from mailer.storage.readers import Reader
from mailer.storage.signups import SignupRequest


@dataclass(frozen=True, slots=True)
class Application:
    """A request opened and prepared, so that deciding it touches only the database.

    Attributes:
        reader: as they would be stored, were they new.
        newsletters: slugs, at least one.
        secret: of the link that confirms.
        source: how an operator came by the address; empty when the reader typed it.
        domain_index: under which mails to the address's domain are counted, 32 bytes.
        mailbox_index: under which those to spellings of its mailbox are; None where it is no such one.
    """

    request: SignupRequest
    address: Address
    reader: Reader
    newsletters: tuple[str, ...]
    secret: str
    source: str
    signs: Signs
    domain_index: bytes
    mailbox_index: bytes | None = None

    def letter_for(self, kind: LetterKind) -> LetterKind:
        """Return how a confirmation is asked for: of whoever typed the address, or of one invited."""
        return LetterKind.INVITE if kind is LetterKind.CONFIRM and self.source else kind


def opened(vault: Vault, request: SignupRequest, values: dict[str, str]) -> Application:
    """Return what *request* asks for; *values* are what it is sealed around."""
    address = parse_address(values["address"])
    reader = Reader(
        id=0,
        public_id=request.public_id,
        sealed_address=vault.seal(address.spec.encode(), request.public_id),
        address_index=vault.index(address),
        provider_group=provider_group(address.domain),
        language=Language(values["language"]),
        missing_choice=parse_missing_rule(values["missing"]) if values["missing"] else None,
    )
    return Application(
        request,
        address,
        reader,
        newsletters=tuple(values["newsletter"].split()),
        secret=new_secret(),
        source=values["source"],
        signs=read_signs(values),
        # “@example.org”, which is nobody's address.
        domain_index=vault.index(Address("", address.domain)),
        mailbox_index=_mailbox_index(vault, address),
    )


def _mailbox_index(vault: Vault, address: Address) -> bytes | None:
    mailbox = Address(*mailbox_of(address.local, address.domain))
    return None if mailbox.index_form == address.index_form else vault.index(mailbox)


def letter_asked(tx: Transaction, application: Application) -> LetterKind | None:
    """Return the mail that answers a sign-up, whatever the address was sent before; None answers nothing."""
    known = readers.by_index(tx, application.reader.address_index)
    letters_due = {step(each, Event.SIGN_UP).letter for each in _standings(tx, application, known).values()}
    # One press sends one mail: where anything is to be confirmed, only that is mailed about.
    for kind in (LetterKind.CONFIRM, LetterKind.ALREADY):
        if kind in letters_due:
            return application.letter_for(kind)
    return None


def letter_due(tx: Transaction, application: Application, now: datetime) -> LetterKind | None:
    """Return the mail that a sign-up sends, or None when the address has had enough of them."""
    kind = letter_asked(tx, application)
    if kind is None:
        return None
    sent = letters.sent_at(tx, application.reader.address_index, kind)
    return kind if may_mail(kind, sent, now) else None


def carry_out(tx: Transaction, vault: Vault, application: Application, now: datetime) -> None:
    """Do what the state table says, unless the address has had enough mails."""
    kind = letter_due(tx, application, now)
    if kind is not None:
        answer(tx, vault, application, kind, now=now)


def answer(
    tx: Transaction, vault: Vault, application: Application, kind: LetterKind, *, now: datetime
) -> None:
    """Do what the state table says, and mail the *kind* that *letter_asked* returned; no cap is asked."""
    index = application.reader.address_index
    letters.count(tx, index, kind, now, domain_index=application.domain_index)
    known = readers.by_index(tx, index)
    asked = _asked(tx, application, known)
    # A stranger who types an active reader's address changes nothing but sends one quiet mail.
    reader = known or readers.add(tx, application.reader)
    if asked and not readers.has_active_subscription(tx, reader.id):
        reader = _renewed(vault, application, reader)
        readers.change(tx, reader)
    for newsletter in asked:
        _ask(tx, application, reader, newsletter, kind=kind, now=now)
    letters.add(tx, _letter(tx, vault, application, reader, asked=asked, now=now))


def _asked(tx: Transaction, application: Application, known: Reader | None) -> list[str]:
    """Return the newsletters whose sign-up has to be confirmed: the others are subscribed to already."""
    return [
        newsletter
        for newsletter, standing in _standings(tx, application, known).items()
        if step(standing, Event.SIGN_UP).letter is LetterKind.CONFIRM
    ]


def _standings(tx: Transaction, application: Application, known: Reader | None) -> dict[str, Standing]:
    """Return where the address stands with each newsletter asked for, also by the mark of who has no row."""
    mark = readers.mark(tx, application.reader.address_index) or Standing.NONE
    if mark is Standing.BLOCKED:
        if not application.source:
            return dict.fromkeys(application.newsletters, mark)
        # They asked the newsroom to have them back; confirming lifts the mark.
        mark = Standing.NONE
    rows = dict.fromkeys(application.newsletters, Standing.NONE)
    if known is not None:
        rows = {slug: readers.standing(tx, known.id, slug) for slug in application.newsletters}
    return {slug: mark if standing is Standing.NONE else standing for slug, standing in rows.items()}


def _ask(
    tx: Transaction,
    application: Application,
    reader: Reader,
    newsletter: str,
    *,
    kind: LetterKind,
    now: datetime,
) -> None:
    before = readers.standing(tx, reader.id, newsletter)
    # From here on nothing shows any more that they left an imported list: a stranger may type the address.
    leavers.mark_one(tx, reader.id, newsletter)
    letters.withdraw_invitations(tx, [reader.id], newsletter)
    readers.set_standing(
        tx,
        reader.id,
        newsletter,
        step(before, Event.SIGN_UP).standing,
        changed_month=f"{now:%Y-%m}",
        confirm_hash=secret_hash(application.secret, newsletter),
        confirm_until=now + (INVITE_VALID if kind is LetterKind.INVITE else CONFIRM_VALID),
        # What was agreed to before ended with it: nothing is agreed to until they confirm.
        consent_version=None,
        consent_language=None,
        consent_channel=application.source or FORM,
        consent_at=None,
        forget_at=None,
    )


def _renewed(vault: Vault, application: Application, reader: Reader) -> Reader:
    """Give a reader who comes back the address and choices of this sign-up."""
    return replace(
        application.reader,
        id=reader.id,
        public_id=reader.public_id,
        sealed_address=vault.seal(application.address.spec.encode(), reader.public_id),
    )


def _letter(
    tx: Transaction,
    vault: Vault,
    application: Application,
    reader: Reader,
    *,
    asked: Sequence[str],
    now: datetime,
) -> Letter:
    newsletter = asked[0] if asked else application.newsletters[0]
    recipient = Recipient(application.address.spec, reader.public_id, reader.language, newsletter)
    if not asked:
        return letter(vault, LetterKind.ALREADY, recipient, now=now)
    kind = application.letter_for(LetterKind.CONFIRM)
    titles = titles_of(tx, asked, reader.language)
    return letter(vault, kind, recipient, now=now, secret=application.secret, titles=titles)
