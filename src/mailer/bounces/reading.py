"""Reading returned mail: from raw bytes to what they say, whatever they are.

What a machine wrote for machines comes first, then what only people can read. The first question that
knows the answer gives it; what none knows is from a person, and goes on to the newsroom.
"""

from __future__ import annotations

from collections.abc import Callable

from mailer.bounces.answers import (
    read_auto_reply,
    read_challenge,
    read_receipt,
    read_statistics,
    read_unsubscribe,
)
from mailer.bounces.complaint import read_complaint
from mailer.bounces.incoming import Incoming, take_in
from mailer.bounces.message import open_message
from mailer.bounces.refusals import read_delivery_report, read_formless_report, read_unsigned_report
from mailer.bounces.ses_mail import read_ses_mail
from mailer.domain.returned_mail import MailKind, ReturnedMail

_QUESTIONS: tuple[Callable[[Incoming], ReturnedMail | None], ...] = (
    read_complaint,
    read_receipt,
    read_delivery_report,
    read_ses_mail,
    read_statistics,
    read_challenge,
    read_formless_report,
    read_unsubscribe,
    read_auto_reply,
    read_unsigned_report,
)


def read_report(raw: bytes) -> ReturnedMail:
    """
    Say what a message that came back says.

    Args:
        raw: as it came in, any line ends; only its first megabyte is looked at.

    Total: never raises, takes bounded time and memory whatever the bytes are, and unpacks nothing.
    """
    incoming = take_in(open_message(raw))
    for question in _QUESTIONS:
        if (answer := question(incoming)) is not None:
            return answer
    return ReturnedMail(MailKind.HUMAN)
