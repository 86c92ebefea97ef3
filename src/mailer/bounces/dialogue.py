"""Which command a refusal answered, where only the text of a report tells.

"User unknown" after the message itself is a filter's word, not the address's: Japanese carriers say it of
mail that their subscriber does not want. Postfix says in brackets what was answered; Sendmail shows the
dialogue.
"""

from __future__ import annotations

import re

from mailer.domain.classifier import stage_named
from mailer.domain.outcome import Stage

_ANSWERED = re.compile(r"^[^()]{0,40}\((in reply to [^()]{1,60})", re.IGNORECASE)
# Commands travel together (RFC 2920), so what stands below DATA may still answer RCPT; then DATA fails as
# well, for want of a recipient.
_AFTER_DATA = re.compile(r">>> DATA\s+<<< 5\d\d[ -]")
_NO_RECIPIENT = re.compile(
    r"<<< (?:503|554)[^\n]{0,60}(?:recipient|rcpt|sequence)|5\.1\.\d [^\n]{0,300}\.\.\. ?user unknown",
    re.IGNORECASE,
)
_MIN_WORDS = 12
_MAX_DIALOGUE_CHARS = 2_000


def stage_told(text: str, said: str) -> Stage | None:
    """
    Return which command *said* answered, as *text* tells, or None where it does not.

    Args:
        text: the part of a report for people, as in ``550 Unknown user a@example.org (in reply to end of
            DATA command)``.
        said: the server's words, in one line.
    """
    line = " ".join(text.split())
    place = line.find(said) if len(said) >= _MIN_WORDS else -1
    if place >= 0 and (match := _ANSWERED.search(line[place + len(said) : place + len(said) + 100])):
        return stage_named(match[1])
    dialogue = _AFTER_DATA.search(text)
    if dialogue is None:
        return None
    rest = text[dialogue.start() : dialogue.start() + _MAX_DIALOGUE_CHARS]
    return None if _NO_RECIPIENT.search(rest) else Stage.DOT
