"""Complaints: somebody pressed "this is spam", and the mail provider tells us.

RFC 5965 (ARF) is the form of most; RFC 6430 and 6591 add to it. What came before it, and what some
providers still send, is the message itself behind a line of text, or with nothing but a header that says
for whom it was (JMRP).
"""

from __future__ import annotations

import re

from mailer.bounces.addresses import address_in
from mailer.bounces.incoming import Incoming
from mailer.bounces.message import Fields, Opened, Part, head_of
from mailer.bounces.original import find_original, original_fields
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_TYPE = "message/feedback-report"
_UNTYPED = re.compile(r"^Feedback-Type[ \t]*:[ \t]*([a-z-]{2,30})", re.IGNORECASE | re.MULTILINE)
_DEFAULT_TYPE = "abuse"
# Fields that say for whom the message was, in ARF and in the originals of older loops.
_REPORTED = ("Original-Rcpt-To", "Removal-Recipient", "X-HmXmrOriginalRecipient", "X-Original-Rcpt-To")
_REDACTED = re.compile(r"redact|undisclosed|removed|hidden|x{4,}", re.IGNORECASE)
_SENDERS = re.compile(
    r"^(?:staff@hotmail\.com|scomp@aol\.net|fbl[\w.+-]*@|feedbackloop[\w.+-]*@|[\w.+]{0,40}-fbl@|"
    r"complaints?[\w.-]*@|abuse-?reports?@|spam-?reports?@|feedback@arf\.|arf[\w.-]*@|jmrp[\w.-]*@)",
    re.IGNORECASE,
)
_SUBJECTS = re.compile(
    r"complaint about (?:a )?message|email feedback report|abuse report|spam report|spam complaint|"
    r"feedback loop|\bfbl\b|complaint feedback|"
    r"жалоба на (?:спам|письмо|рассылку)|скарга на спам|скарга на лист|скарга на ліст",
    re.IGNORECASE,
)
_MAX_RECIPIENTS = 100


def read_complaint(incoming: Incoming) -> ReturnedMail | None:
    """Read a complaint of any form; None for other mail."""
    mail = incoming.mail
    report = _report_fields(mail)
    if report is not None:
        feedback_type = report.first("Feedback-Type").strip().lower() or _DEFAULT_TYPE
        return _complaint(mail, report, feedback_type)
    original = original_fields(mail)
    if original is not None and _is_older_form(incoming, original):
        return _complaint(mail, original, _DEFAULT_TYPE)
    return None


def _report_fields(mail: Opened) -> Fields | None:
    """Return the fields of the machine-readable part, also of one whose type was forgotten."""
    for part in mail.parts:
        if part.content_type == _TYPE:
            return head_of(part.body[max(_start(part), 0) :])
    if mail.report_type != "feedback-report" and len(mail.parts) == 1:
        return None
    for part in mail.parts:
        if not part.content_type.startswith(("message/", "text/rfc822")) and (start := _start(part)) >= 0:
            return head_of(part.body[start:])
    return None


def _start(part: Part) -> int:
    """Where the block of fields that holds Feedback-Type begins in *part*; -1 without one."""
    match = _UNTYPED.search(part.body.decode("latin-1"))
    if match is None:
        return -1
    blank = part.body.rfind(b"\n\n", 0, match.start())
    return 0 if blank < 0 else blank + 2


def _is_older_form(incoming: Incoming, original: Fields) -> bool:
    if "X-HmXmrOriginalRecipient" in original:
        return True
    return bool(_SENDERS.search(incoming.sender) or _SUBJECTS.search(incoming.subject))


def _complaint(mail: Opened, fields: Fields, feedback_type: str) -> ReturnedMail:
    original = find_original(mail)
    inside = original_fields(mail)
    named = [value for name in _REPORTED for value in fields.every(name)]
    if not named and inside is not None:
        named = [value for name in _REPORTED for value in inside.every(name)] or inside.every("To")
    addresses = [address for value in named[:_MAX_RECIPIENTS] if (address := address_in(value))]
    recipients = dict.fromkeys(each for each in addresses if not _REDACTED.search(each))
    return ReturnedMail(
        MailKind.COMPLAINT,
        tuple(Notice(each) for each in recipients),
        # RFC 6591 §3.1: a report about authentication names the Message-ID itself.
        message_id=fields.first("Message-ID").strip("<> ") or original.message_id,
        return_path=address_in(fields.first("Original-Mail-From")) or original.return_path,
        envelope_id=fields.first("Original-Envelope-Id") or None,
        feedback_type=feedback_type,
        unsubscribe=original.unsubscribe,
    )
