"""How long a mail server may take over each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailer.domain.outcome import Stage


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each answer may take, in seconds (RFC 5321 §4.5.3.2).

    Attributes:
        connect_s: TCP, TLS, the greeting, EHLO and login, each.
        mail_s, rcpt_s, data_s: the answer to the command of that name.
        block_s: how long a relay may read nothing of a body.
        dot_s: from the body's last byte to the answer to its final dot.
        reset_s: the answers to RSET and QUIT.
        redial_s: half of the first wait after a connection failed; the next ones double.
        login_again_s: the wait after a refused login: more often, and some servers lock the account.
    """

    connect_s: float = 30.0
    mail_s: float = 300.0
    rcpt_s: float = 300.0
    data_s: float = 120.0
    block_s: float = 180.0
    dot_s: float = 600.0
    reset_s: float = 30.0
    redial_s: float = 0.5
    login_again_s: float = 60.0

    @property
    def by_stage(self) -> Mapping[Stage, float]:
        """The answers' limits by what they answer."""
        return {
            Stage.MAIL: self.mail_s,
            Stage.RCPT: self.rcpt_s,
            Stage.DATA: self.data_s,
            Stage.BODY: self.block_s,
            Stage.DOT: self.dot_s,
        }

    @property
    def look_every_s(self) -> float:
        """How often to look whether one is over: by so much it may be exceeded."""
        return min(*self.by_stage.values(), self.reset_s) / 4
