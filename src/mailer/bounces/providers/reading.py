"""Which provider's event is read by what: what the backlog asks for each door (backlog.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from mailer.bounces.providers.brevo import read_brevo
from mailer.bounces.providers.mailgun import read_mailgun
from mailer.bounces.providers.postmark import read_postmark
from mailer.bounces.providers.sendgrid import read_sendgrid
from mailer.bounces.providers.ses import read_ses
from mailer.domain.returned_mail import MailKind, ReturnedMail

_READERS: Mapping[str, Callable[[bytes], ReturnedMail | None]] = {
    "ses": read_ses,
    "sendgrid": read_sendgrid,
    "mailgun": read_mailgun,
    "postmark": read_postmark,
    "brevo": read_brevo,
}


def read_event(door: str, raw: bytes) -> ReturnedMail:
    """
    Say what an event says; total, whatever the bytes are.

    Args:
        door: the provider: ses, sendgrid, mailgun, postmark or brevo.
        raw: one event's JSON.

    Returns:
        What tells nothing of a reader (an open, a delivery, an event that is new to us) as
        MailKind.STATISTICS: nothing follows from it.
    """
    return _READERS[door](raw) or ReturnedMail(MailKind.STATISTICS)


WEBHOOK_READERS: Mapping[str, Callable[[bytes], ReturnedMail]] = {
    door: partial(read_event, door) for door in _READERS
}
"""By door, what reads its events; partials of a module's function, so that any process can be handed one."""
