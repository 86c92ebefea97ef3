"""What comes back: mails that a mail provider, or a reader's mailbox, writes about a copy it took.

Rendered as real servers write them, for the demonstration and for tests: a report of failure
(RFC 3464), a complaint (RFC 5965) and an answering machine (RFC 3834). Nothing here reads the clock
or makes up names, so that the same return is the same to the byte.
"""

from __future__ import annotations

import email.message
import email.policy
import email.utils
import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from mailer.domain.classifier import parse_reply


@dataclass(frozen=True, slots=True)
class Original:
    """A copy that was taken, and of which something is said now.

    Attributes:
        return_path: its envelope's sender; what comes back is addressed to it.
        recipient: its envelope's recipient.
        content: the message, CRLF.
    """

    return_path: str = field(repr=False)
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def header(self) -> bytes:
        """The header fields, with the line end of the last."""
        head, _, _ = self.content.partition(b"\r\n\r\n")
        return head + b"\r\n"

    @property
    def host(self) -> str:
        """The mail server of the recipient's provider, by a name that tells whose it is."""
        return f"mx.{self.recipient.rpartition('@')[2]}"

    @property
    def number(self) -> str:
        """Letters that no other copy has: for a Message-ID and a boundary."""
        return hashlib.sha256(self.return_path.lower().encode()).hexdigest()[:20]


def failure(original: Original, reply: str, at: datetime) -> bytes:
    """
    Return the report that a copy could not be delivered, CRLF (RFC 3464, as Postfix writes it).

    Args:
        original: which copy.
        reply: why: what the last server said, as ``550 5.1.1 User unknown``; ``{recipient}`` in it becomes
            the address.
        at: aware; when it was written.

    Only the header of the copy goes back, as a mail server does that is asked to (RFC 3461 §4.3).
    """
    said = reply.replace("{recipient}", original.recipient)
    status = parse_reply(said).enhanced or (5, 0, 0)
    written = email.utils.format_datetime(at)
    person = f"""\
This is the mail system at host {original.host}.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{original.recipient}>: host {original.host}[192.0.2.25] said: {said}
"""
    machine = f"""\
Reporting-MTA: dns; {original.host}
Arrival-Date: {written}

Final-Recipient: rfc822; {original.recipient}
Original-Recipient: rfc822;{original.recipient}
Action: failed
Status: {".".join(map(str, status))}
Remote-MTA: dns; {original.host}
Diagnostic-Code: smtp; {said}
"""
    head = _head(
        original,
        at,
        sender=f"Mail Delivery System <MAILER-DAEMON@{original.host}>",
        recipient=original.return_path,
        subject="Undelivered Mail Returned to Sender",
    )
    parts = (
        ("text/plain; charset=us-ascii", _lines(person)),
        ("message/delivery-status", _lines(machine)),
        ("text/rfc822-headers", original.header),
    )
    return _report(head, "delivery-status", parts, original.number)


def complaint(original: Original, at: datetime) -> bytes:
    """
    Return the report that a reader pressed "this is spam", CRLF (RFC 5965).

    It goes to the address for complaints in the return path's domain, where providers have it registered;
    whose copy it was stands only in the report.
    """
    person = f"""\
This is an email abuse report for an email message received from
{original.host} on {email.utils.format_datetime(at)}.
"""
    machine = f"""\
Feedback-Type: abuse
User-Agent: ExampleFeedbackLoop/1.0
Version: 1
Original-Mail-From: <{original.return_path}>
Original-Rcpt-To: <{original.recipient}>
Arrival-Date: {email.utils.format_datetime(at)}
Source-IP: 192.0.2.25
"""
    head = _head(
        original,
        at,
        sender=complainer(original),
        recipient=complaints_address(original),
        subject="FW: email abuse report",
    )
    parts = (
        ("text/plain; charset=us-ascii", _lines(person)),
        ("message/feedback-report", _lines(machine)),
        ("message/rfc822", original.content),
    )
    return _report(head, "feedback-report", parts, original.number)


def complainer(original: Original) -> str:
    """Return the address that a provider sends complaints from."""
    return f"feedback@{original.host}"


def complaints_address(original: Original) -> str:
    """Return the address that every domain takes complaints at (RFC 2142 §4)."""
    return f"abuse@{original.return_path.rpartition('@')[2]}"


def holiday(original: Original, text: str, at: datetime) -> bytes:
    """
    Return what an answering machine writes, CRLF (RFC 3834).

    Args:
        original: what it answers.
        text: what the person has left there, in whatever language.
        at: aware; when it was written.
    """
    answer = email.message.EmailMessage(email.policy.SMTP)
    answer["Date"] = email.utils.format_datetime(at)
    answer["From"] = original.recipient
    answer["To"] = original.return_path
    answer["Subject"] = "Auto: out of office"
    answer["Message-ID"] = f"<{original.number}@{original.host}>"
    # RFC 3834 §5: by this, nobody answers an answer.
    answer["Auto-Submitted"] = "auto-replied"
    answer.set_content(text, cte="base64")
    return answer.as_bytes()


def _head(original: Original, at: datetime, *, sender: str, recipient: str, subject: str) -> str:
    return f"""\
Date: {email.utils.format_datetime(at)}
From: {sender}
To: {recipient}
Subject: {subject}
Message-ID: <{original.number}@{original.host}>
Auto-Submitted: auto-generated
MIME-Version: 1.0
"""


def _report(head: str, kind: str, parts: tuple[tuple[str, bytes], ...], number: str) -> bytes:
    """Put a report together (RFC 6522): for people, for machines, and what it is about."""
    boundary = f"=_{number}"
    written = [
        _lines(head),
        _lines(f'Content-Type: multipart/report; report-type={kind};\n boundary="{boundary}"\n'),
    ]
    for content_type, content in parts:
        written.append(_lines(f"\n--{boundary}\nContent-Type: {content_type}\n\n") + content)
    return b"".join([*written, _lines(f"\n--{boundary}--\n")])


def _lines(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
