"""Which replies ask all copies to go slower, and which speak of one."""

from __future__ import annotations

import pytest

from mailer.domain.outcome import Stage
from mailer.domain.pace import Throttle, ThrottleKind
from mailer.domain.reply import Reply
from mailer.domain.throttling import is_throttle

CONNECT, MAIL, RCPT, DATA, BODY, DOT = Stage
RATE, CONNECTIONS, MESSAGES = ThrottleKind


@pytest.mark.parametrize(
    ("code", "text", "stage", "expected"),
    [
        (421, "4.7.28 Unusual rate of mail from your IP address", DOT, Throttle(RATE, 600)),
        (421, "4.7.0 [TSS04] Messages temporarily deferred", MAIL, Throttle(RATE, 7200)),
        (451, "4.7.0 no words", RCPT, Throttle(RATE)),
        (450, "4.7.1 Please try again slower", CONNECT, Throttle(RATE)),
        (451, "4.7.0 Rate limit exceeded, try again in 30 seconds", RCPT, Throttle(RATE, 30)),
        (451, "4.7.650 Rate limited due to IP reputation", MAIL, Throttle(RATE)),
        (550, "5.4.5 Daily sending limit exceeded", MAIL, Throttle(RATE)),
        (421, "Too many connections", CONNECT, Throttle(CONNECTIONS)),
        (451, "4.7.652 Exceeded the maximum number of connections", MAIL, Throttle(CONNECTIONS)),
        (421, "Max message per connection reached", MAIL, Throttle(MESSAGES)),
        (421, "4.7.0 Too many messages in this session", MAIL, Throttle(MESSAGES)),
        # These speak of a mailbox, of one message, of their own house, or are no "not now".
        (451, "4.7.1 Greylisted, try again in 300 seconds", RCPT, None),
        (450, "4.2.1 User is receiving mail too quickly", RCPT, None),
        (452, "4.2.2 Mailbox full", RCPT, None),
        (421, "4.3.2 Service shutting down", CONNECT, None),
        (452, "4.3.1 Insufficient system storage", MAIL, None),
        (550, "5.7.1 Bad reputation", DOT, None),
        (550, "5.1.1 User unknown", RCPT, None),
        (250, "2.0.0 Ok, slow down", DOT, None),
        (0, "", CONNECT, None),
    ],
)
def test_what_asks_us_to_slow_down(code: int, text: str, stage: Stage, expected: Throttle | None) -> None:
    """Our pace, our connections or the length of a connection, with the wait if one is named."""
    assert expected == is_throttle(Reply(code, text), stage)
