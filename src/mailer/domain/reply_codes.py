"""What the numbers of a reply mean: enhanced status codes (RFC 3463) and basic codes (RFC 5321 §4.2).

Numbers are misused, so they are asked only after the words.
"""

from __future__ import annotations

from mailer.domain.reply import Status
from mailer.domain.reply_class import Cause

# Subject and detail, for 4.x.x and 5.x.x alike (RFC 3463 §3, RFC 7372, RFC 7293, IANA's registry).
_DETAILS: dict[tuple[int, int], Cause] = {
    (1, 1): Cause.NO_MAILBOX,
    (1, 2): Cause.NO_DOMAIN,
    (1, 3): Cause.NO_MAILBOX,
    (1, 6): Cause.NO_MAILBOX,
    (1, 7): Cause.SENDER,
    (1, 8): Cause.SENDER,
    (1, 9): Cause.PROTOCOL,
    (1, 10): Cause.NO_DOMAIN,
    (1, 351): Cause.UNLISTED,
    (2, 1): Cause.DISABLED,
    (2, 2): Cause.FULL,
    (2, 3): Cause.SIZE,
    (2, 4): Cause.SYSTEM,
    (2, 121): Cause.RECIPIENT_BUSY,
    (2, 122): Cause.RECIPIENT_BUSY,
    (3, 3): Cause.PROTOCOL,
    (3, 4): Cause.SIZE,
    (3, 6): Cause.PROTOCOL,
    (4, 5): Cause.RATE,
    (5, 3): Cause.TOO_MANY_RECIPIENTS,
    (6, 7): Cause.SMTPUTF8,
    (7, 3): Cause.RULE,
    (7, 10): Cause.LOGIN,
    (7, 13): Cause.DISABLED,
    (7, 17): Cause.NO_MAILBOX,
    (7, 18): Cause.NO_DOMAIN,
    (7, 28): Cause.REPUTATION_RATE,
}
# What "not now" changes: 4.x.x says less about us, and more about the moment.
_TEMPORARY: dict[tuple[int, int], Cause] = {
    (2, 0): Cause.GREYLISTED,
    (2, 1): Cause.RECIPIENT_BUSY,
    (4, 5): Cause.SYSTEM,
    (7, 0): Cause.RATE,
    (7, 1): Cause.GREYLISTED,
}
_SUBJECTS = {3: Cause.SYSTEM, 4: Cause.NETWORK, 5: Cause.PROTOCOL, 6: Cause.CONTENT, 7: Cause.RULE}
# RFC 7372: 5.7.20 to 5.7.27 and, by Gmail and others, up to 5.7.32.
_AUTHENTICATION_DETAILS = range(20, 33)
# Microsoft's own: 4.7.500 to 4.7.699 slow us down.
_MICROSOFT_DETAILS = range(500, 700)

_BASIC: dict[int, Cause] = {
    432: Cause.RECIPIENT_BUSY,
    454: Cause.SYSTEM,
    455: Cause.PROTOCOL,
    **dict.fromkeys((500, 501, 502, 503, 504, 555), Cause.PROTOCOL),
    523: Cause.SIZE,
    525: Cause.DISABLED,
    **dict.fromkeys((530, 534, 535, 538), Cause.LOGIN),
    541: Cause.REPUTATION,
    # RFC 7504: a domain that never takes mail.
    556: Cause.NO_DOMAIN,
}
# What is left when nothing more is known than that it was "not now".
_LATER: dict[int, Cause] = {450: Cause.GREYLISTED, 451: Cause.GREYLISTED}
_PERMANENT = 5
_UNDEFINED = 0


def cause_of_status(status: Status) -> Cause | None:
    """Return what an enhanced status code says, None where it says nothing in particular."""
    first, subject, detail = status
    if first != _PERMANENT:
        if (cause := _TEMPORARY.get((subject, detail))) is not None:
            return cause
        if subject == 7 and detail in _MICROSOFT_DETAILS:  # noqa: PLR2004 - X.7: security and policy
            return Cause.RATE
    if (cause := _DETAILS.get((subject, detail))) is not None:
        return cause
    if subject == 7 and detail in _AUTHENTICATION_DETAILS:  # noqa: PLR2004 - as above
        return Cause.AUTHENTICATION
    return None if detail == _UNDEFINED and subject != 7 else _SUBJECTS.get(subject)  # noqa: PLR2004


def cause_of_subject(status: Status) -> Cause | None:
    """Return what the subject alone says: asked last, for codes such as 5.3.0."""
    return _SUBJECTS.get(status[1])


def cause_of_code(code: int) -> Cause | None:
    """Return what a basic code says by itself, None for those that are used for everything."""
    return _BASIC.get(code)


def cause_of_delay(code: int) -> Cause:
    """Return why a server says "not now" by a basic code alone."""
    return _LATER.get(code, Cause.SYSTEM)
