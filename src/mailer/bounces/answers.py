"""Mail that is no refusal: receipts, statistics, answering machines, challenges, wishes to leave.

Each question says what a mail is, or None to pass it on. A header that a standard gives its meaning counts
alone; words count only where nobody can have quoted them.
"""

from __future__ import annotations

import re

from mailer.bounces import wording
from mailer.bounces.incoming import Incoming
from mailer.bounces.original import find_original
from mailer.domain.returned_mail import MailKind, ReturnedMail

_RECEIPT_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_STATISTICS_TYPES = frozenset({"application/tlsrpt+gzip", "application/tlsrpt+json", "application/tlsrpt"})
# RFC 9990 and RFC 8460 §5.1: receiver!policy-domain!begin!end[!id].ending
_STATISTICS_FILE = re.compile(r"name\*?=[^;!]{0,200}![^;!]{1,200}!\d{6,12}!\d{6,12}", re.IGNORECASE)
# Fields that only answering machines write.
_MACHINE_FIELDS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Autoreply-From",
    "X-Mail-Autoreply",
    "X-Vacation",
    "X-Away-Message",
    "Auto-Reply",
    # Exchange writes it into its own automatic replies; people's programs do not.
    "X-MS-Exchange-Inbox-Rules-Loop",
)
_REJECTED = re.compile(r"\b(?:automatically|been|was|is) (?:rejected|refused)\b", re.IGNORECASE)
_MACHINE_NAME = re.compile(
    r"^[^@]{0,60}(?:no-?reply|do-?not-?reply|admin|system|notif|server|smtp|gateway|robot|daemon|relay|mta|=ndr@|^ndr@)",
    re.IGNORECASE,
)
_MACHINE_PRECEDENCE = re.compile(r"auto[-_]?reply|autoresponder", re.IGNORECASE)
_UNSUBSCRIBE_ADDRESS = re.compile(
    r"^(?:unsub(?:scribe)?|leave|abmelden|list-unsubscribe)\b|^[\w.]{1,80}-unsubscribe\b", re.IGNORECASE
)
_MAX_WISH_CHARS = 200


def read_receipt(incoming: Incoming) -> ReturnedMail | None:
    """Somebody read a mail, or threw it away (RFC 8098); None for other mail."""
    is_one = incoming.mail.report_type == "disposition-notification" or any(
        part.content_type in _RECEIPT_TYPES for part in incoming.mail.parts
    )
    if is_one and _REJECTED.search(incoming.start) and (incoming.is_daemon or incoming.is_null_sender):
        # RFC 5429 §2.2.1: a Sieve "reject" speaks in the form of a receipt.
        return None
    if is_one or (not incoming.is_daemon and wording.RECEIPT_SUBJECT.search(incoming.subject)):
        return _of_kind(MailKind.RECEIPT, incoming)
    return None


def read_statistics(incoming: Incoming) -> ReturnedMail | None:
    """Aggregate reports of DMARC (RFC 9990) and TLS (RFC 8460), never opened; None for other mail."""
    mail = incoming.mail
    is_one = mail.report_type == "tlsrpt" or "TLS-Report-Domain" in mail.fields
    for part in mail.parts:
        named = part.fields.first("Content-Disposition") + ";" + part.fields.first("Content-Type")
        is_one = is_one or part.content_type in _STATISTICS_TYPES or bool(_STATISTICS_FILE.search(named))
    if is_one or (wording.STATISTICS_SUBJECT.search(incoming.subject) and not incoming.is_answer):
        return ReturnedMail(MailKind.STATISTICS)
    return None


def read_challenge(incoming: Incoming) -> ReturnedMail | None:
    """A person or a filter asks us to prove that we are one; None for other mail."""
    if incoming.is_daemon and wording.BOUNCE_SUBJECT.search(incoming.subject):
        return None
    says_so = wording.CHALLENGE_SUBJECT.search(incoming.subject)
    may_be_one = says_so or incoming.is_null_sender or is_automatic(incoming)
    if may_be_one and wording.CHALLENGE.search(incoming.start):
        return _of_kind(MailKind.CHALLENGE, incoming)
    return None


def read_auto_reply(incoming: Incoming) -> ReturnedMail | None:
    """An answering machine, whether it says so as RFC 3834 asks or only in words; None for other mail."""
    if is_automatic(incoming) or says_away(incoming):
        return _of_kind(MailKind.AUTO_REPLY, incoming)
    return None


def says_away(incoming: Incoming) -> bool:
    """Whether subject and text say that nobody is there.

    A reply keeps our own subject, and readers write of holidays: each alone proves nothing then.
    """
    by_subject = wording.AUTO_REPLY_SUBJECT.search(incoming.subject) is not None
    if by_subject and not incoming.is_answer:
        return True
    may_be = by_subject or incoming.is_null_sender
    return may_be and wording.AUTO_REPLY_TEXT.search(incoming.start) is not None


def is_from_machine(incoming: Incoming) -> bool:
    """Whether anything but words says that no person wrote it: readers, too, write of undelivered mail."""
    names = (incoming.sender, incoming.mail.fields.first("Return-Path").strip("<> "))
    is_named_so = any(_MACHINE_NAME.search(name) for name in names)
    return incoming.is_null_sender or is_named_so or is_automatic(incoming)


def read_unsubscribe(incoming: Incoming) -> ReturnedMail | None:
    """A wish to leave: mailed to the address of List-Unsubscribe, or nothing but these words."""
    is_machine = is_automatic(incoming) or says_away(incoming)
    if is_machine and incoming.is_answer:
        # iCloud unsubscribes for its owners as "auto-replied": only that it is no answer tells it apart.
        return None
    to = incoming.mail.fields.first("To").strip().lstrip("<")
    wishes = [incoming.subject]
    if len(incoming.start) <= _MAX_WISH_CHARS:
        wishes.append(incoming.start.split("\n", 1)[0].strip())
    says_so = any(len(wish) <= _MAX_WISH_CHARS and wording.UNSUBSCRIBE.search(wish) for wish in wishes)
    if says_so or (_UNSUBSCRIBE_ADDRESS.search(to) and not is_machine):
        return ReturnedMail(MailKind.UNSUBSCRIBE)
    return None


def is_automatic(incoming: Incoming) -> bool:
    """Whether a header says that no person wrote it."""
    fields = incoming.mail.fields
    # RFC 3834 §5: anything but "no", parameters and comments aside.
    submitted = re.split(r"[;(\s]", fields.first("Auto-Submitted").strip().lower(), maxsplit=1)[0]
    if (submitted and submitted != "no") or any(name in fields for name in _MACHINE_FIELDS):
        return True
    names = ("Precedence", "X-Precedence", "Preference", "X-POST-MessageClass")
    if _MACHINE_PRECEDENCE.search(" ".join(fields.first(name) for name in names)):
        return True
    return "autoresponder" in fields.every("Delivered-To") or "true" in fields.every("X-FC-MachineGenerated")


def _of_kind(kind: MailKind, incoming: Incoming) -> ReturnedMail:
    original = find_original(incoming.mail)
    answered = re.search(r"<([^<>\s]{3,300})>", incoming.mail.fields.first("In-Reply-To"))
    return ReturnedMail(
        kind,
        message_id=original.message_id or (answered[1] if answered else None),
        return_path=original.return_path,
        unsubscribe=original.unsubscribe,
    )
