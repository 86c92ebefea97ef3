"""One event of a provider, and how our token and their words become the values that are judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailer.bounces.dsn import reply_code_in, status_in
from mailer.domain.outcome import Stage
from mailer.domain.returned_mail import Notice

_TOKEN = re.compile(r"(?<![a-z2-7])[a-z2-7]{44}(?![a-z2-7])", re.IGNORECASE)
_MAX_TEXT_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Event:
    """One event out of a request.

    Attributes:
        raw: its JSON.
        event_id: the provider's name of it, the same whenever they send it again; None where it has none.
    """

    raw: bytes = field(repr=False)
    event_id: str | None = None


def token_path(*places: str) -> str | None:
    """
    Return the return path that names the copy: our token where the first of *places* holds one.

    Args:
        places: what may hold it, the surest first: the field that our relay profile set
            (delivery/relay_profile.py), then the envelope sender, as in ``bounce+TOKEN@news.example.org``.
    """
    found = next((match for place in places if (match := _TOKEN.search(place))), None)
    return None if found is None else f"{found[0].lower()}@"


def notice(
    recipient: str, said: str, *, status: str = "", code: str = "", stage: Stage | None = None
) -> Notice:
    """Return what a server said of one recipient.

    Args:
        recipient: as the event names it; empty for nobody.
        said: the server's own words, never the provider's description of a whole class: those list every
            reason there is ("unknown user, mailbox not found").
        status, code: fields of their own, where the event has them.
        stage: before RCPT where the provider says that it is us who were refused.
    """
    text = " ".join(said.removeprefix("smtp;").split())[:_MAX_TEXT_CHARS]
    return Notice(
        recipient or None,
        status_in(status) or status_in(text),
        reply_code_in(code) or reply_code_in(text),
        text,
        stage,
    )
