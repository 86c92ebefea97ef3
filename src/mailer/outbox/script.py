"""What the relay answers at each stage of a conversation, as a script says.

A demonstration, a test and a kill proof need a provider that greylists one reader, refuses another
and dies at the worst moment, and does so the same way every time. This file only decides; the
conversation plays it.

One rule per line, ``#`` begins a comment line, the first rule that still applies wins::

    # STAGE PATTERN          ACTION [TIMES] [CODE TEXT]
    rcpt    *@slow.example   defer 2 451 4.7.1 Greylisted, come back
    rcpt    gone@example.org refuse
    dot     *@example.net    drop 1
    connect *                defer 3
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final, TypeVar

from mailer.domain.nearest import did_you_mean
from mailer.errors import InputError, Problem


class Stage(StrEnum):
    """Where in a conversation a rule speaks."""

    CONNECT = "connect"
    """Before the greeting; nobody is named yet, so the pattern is ``*``."""
    EHLO = "ehlo"
    """At EHLO and HELO; the pattern is ``*``."""
    MAIL = "mail"
    """At MAIL FROM; the pattern is held against the sender, ``<>`` for the null sender."""
    RCPT = "rcpt"
    """At RCPT TO, for this recipient alone."""
    DATA = "data"
    """At DATA, before 354, for the first accepted recipient that a rule names."""
    DOT = "dot"
    """After the final dot, before the message is kept."""
    AFTER_DOT = "after-dot"
    """After the message is kept: whatever is said now, the relay has it."""


class Action(StrEnum):
    """What happens there."""

    ACCEPT = "accept"
    """The ordinary answer; shields an address from later rules."""
    DEFER = "defer"
    """A 4xx reply."""
    REFUSE = "refuse"
    """A 5xx reply."""
    HANG = "hang"
    """No answer until the connection closes."""
    DROP = "drop"
    """The TCP connection is closed at once, without a word."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a script.

    Attributes:
        stage: where it speaks.
        pattern: an address or a glob (``*@slow.example``), lower case; ``*`` where nobody is named.
        action: what happens.
        reply: code and text of a defer or refuse, one line; empty means the stage's usual one.
        times: how often it applies to each address, 1 or more; None means always.
    """

    stage: Stage
    pattern: str
    action: Action
    reply: str = ""
    times: int | None = None

    @property
    def answer(self) -> str:
        """The reply line without its line end; empty for an action that does not reply."""
        return self.reply or _USUAL_REPLIES.get((self.action, self.stage)) or _USUAL.get(self.action, "")


Script = tuple[Rule, ...]

Tally = tuple[int, str]
"""What is counted: the place of a rule in its script, and the address it was applied to."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rule that speaks, and under which tally the caller counts that it spoke."""

    rule: Rule
    tally: Tally


# RFC 5321 §4.2.3 and RFC 3463 for the numbers, real providers for the words.
_USUAL: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.DEFER: "451 4.3.0 Temporary failure, try again later",
        Action.REFUSE: "554 5.7.1 Message refused",
    }
)
_USUAL_REPLIES: Final[Mapping[tuple[Action, Stage], str]] = MappingProxyType(
    {
        (Action.DEFER, Stage.CONNECT): "421 4.3.2 Too busy, try again later",
        (Action.DEFER, Stage.EHLO): "421 4.3.2 Too busy, try again later",
        (Action.DEFER, Stage.RCPT): "451 4.7.1 Greylisted, try again later",
        (Action.REFUSE, Stage.CONNECT): "554 5.3.2 No mail service here",
        (Action.REFUSE, Stage.EHLO): "554 5.7.1 Go away",
        (Action.REFUSE, Stage.MAIL): "550 5.7.1 Sender refused",
        (Action.REFUSE, Stage.RCPT): "550 5.1.1 No such user",
    }
)


def decide(script: Script, spoken: Mapping[Tally, int], *, stage: Stage, address: str) -> Verdict | None:
    """
    Find the rule that speaks for *address* at *stage*, or None when everything goes its usual way.

    Args:
        script: the first rule that still applies wins.
        spoken: how often each rule has spoken for each address so far.
        stage: where in the conversation.
        address: as the client wrote it; empty at connect and ehlo. Case does not matter.
    """
    wanted = address.lower()
    for place, rule in enumerate(script):
        if rule.stage is not stage or not _names(rule.pattern, wanted):
            continue
        tally = (place, wanted)
        if rule.times is None or spoken.get(tally, 0) < rule.times:
            return Verdict(rule, tally)
    return None


def parse_script(text: str, place: str) -> Script:
    """
    Read a script, one rule per line.

    Args:
        text: see the head of this file.
        place: the file or option it came from, for messages.

    Raises:
        InputError: names every line that can't be read, and what to write instead.
    """
    rules: list[Rule] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            rules.append(_parse_rule(line))
        except ValueError as error:
            problems.append(Problem(place, number, str(error)))
    if problems:
        raise InputError(problems)
    return tuple(rules)


_Word = TypeVar("_Word", Stage, Action)
_FORM: Final = "write “STAGE PATTERN ACTION [TIMES] [CODE TEXT]”, for example “rcpt *@slow.example defer 2”"
_CODES: Final[Mapping[Action, re.Pattern[str]]] = MappingProxyType(
    {
        Action.DEFER: re.compile(r"4\d\d [ -~]+"),
        Action.REFUSE: re.compile(r"5\d\d [ -~]+"),
    }
)
_MAX_TIMES: Final = 199
"""Above it stand the reply codes, so that a number alone says which of the two it is."""

# RFC 5321 §4.5.3.1.5: a reply line has 512 octets with its code and CRLF.
_MAX_REPLY_LETTERS: Final = 510


def _names(pattern: str, address: str) -> bool:
    return pattern == address or fnmatchcase(address, pattern)


def _parse_rule(line: str) -> Rule:
    stage_word, pattern, action_word, rest = _words(line)
    stage = _named(Stage, stage_word, "stage")
    action = _named(Action, action_word, "action")
    if stage in (Stage.CONNECT, Stage.EHLO) and pattern != "*":
        raise ValueError(f"at {stage} nobody is named yet: write * in place of the address")
    times, reply = _times_and_reply(rest)
    _check_reply(action, reply)
    return Rule(stage, pattern.lower(), action, reply, times)


def _words(line: str) -> tuple[str, str, str, str]:
    words = line.split(None, 3)
    if len(words) < len(("stage", "pattern", "action")):
        raise ValueError(f"a rule has at least three words: {_FORM}")
    stage, pattern, action, *rest = words
    return stage, pattern, action, rest[0].strip() if rest else ""


def _named(kind: type[_Word], word: str, what: str) -> _Word:
    try:
        return kind(word.lower())
    except ValueError:
        known = [member.value for member in kind]
        raise ValueError(
            f"“{word}” is no {what}{did_you_mean(word, known)}: write one of {', '.join(known)}"
        ) from None


def _times_and_reply(rest: str) -> tuple[int | None, str]:
    number, _, reply = rest.partition(" ")
    if not re.fullmatch(r"[0-9]{1,9}", number) or int(number) > _MAX_TIMES:
        return None, rest
    if int(number) == 0:
        raise ValueError("a rule that applies 0 times does nothing: write 1 or more, or leave the line out")
    return int(number), reply.strip()


def _check_reply(action: Action, reply: str) -> None:
    if not reply:
        return
    form = _CODES.get(action)
    if form is None:
        raise ValueError(f"{action} has no reply of its own: leave out “{reply}”")
    if not form.fullmatch(reply) or len(reply) > _MAX_REPLY_LETTERS:
        example = _USUAL[action]
        raise ValueError(
            f"“{reply}” is no reply for {action}: write TIMES from 1 to {_MAX_TIMES}, or a code and a text "
            f"in plain ASCII such as “{example}”"
        )
