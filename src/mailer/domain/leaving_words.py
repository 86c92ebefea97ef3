"""Whether somebody who writes to us asks to be taken off the list, in Belarusian, Russian or English.

It only makes a proposal that a person presses: so a missed one costs an operator's glance at the mail, and a
wrong one a glance too. What is quoted from our own mails, which all hold that word, does not count.
"""

from __future__ import annotations

import re

_MAX_CHARS = 2_000
"""Who wants to leave says so at the beginning."""

_ASKING = re.compile(
    # be
    r"\bадпішыце\b|\bадпісаць (?:мяне|гэты|маю)|\b(?:хачу|прашу|жадаю|можна)(?: мяне)? адпіса|\bадпісацца\b"
    r"|\bвыдал(?:іце|іць) (?:мяне|мой|маю)|\bпрыбярыце (?:мяне|мой)"
    r"|\bбольш не (?:дасылайце|прысылайце|пішыце)"
    r"|\bне (?:дасылайце|прысылайце|пішыце) (?:мне )?больш|\bадмовіцца ад (?:рассыл|падпіс)"
    # ru
    r"|\bотпишите\b|\bотписать (?:меня|этот|мой)|\b(?:хочу|прошу|желаю|можно)(?: меня)? отписа|\bотписаться\b"
    r"|\b(?:удалите|исключите|уберите) (?:меня|мой|мою|этот)|\bбольше не (?:присылайте|шлите|пишите)"
    r"|\bне (?:присылайте|шлите|пишите) (?:мне )?больше|\bотказ(?:аться|ываюсь)? от (?:рассыл|подпис)"
    r"|\bпрекратите (?:рассыл|присыл|слать)"
    # en
    r"|\bunsubscribe\b|\bun-subscribe\b|\b(?:remove|take) (?:me|my (?:e-?mail|address|name))\b"
    r"|\bopt(?: me)? out\b|\bstop (?:sending|mailing|e-?mailing|writing)\b"
    r"|\b(?:no (?:more|longer)|don'?t want).{0,40}(?:newsletters?|e-?mails?|mailings?)\b",
    re.IGNORECASE,
)
# "I can't unsubscribe" asks as well; "how many unsubscribed?" does not, nor does who asks to be kept.
_NOT_ASKING = re.compile(
    r"\b(?:do not|don'?t|never|не|ня) (?:unsubscribe|remove|отпис|удал|адпіс|адпіш|выдал)|unsubscribed\b"
    r"|\bunsubscribe (?:rate|link|button|page)",
    re.IGNORECASE,
)
# Where the mail that is answered begins.
_QUOTE_BEGINS = re.compile(
    r"^(?:-{2,} ?(?:original|forwarded|исходное|пересылаемое|арыгінальн|зыходн)[^\n]*|_{10,}"
    r"|(?:on|от|from|ад)\b[^\n]{0,200}(?:wrote|:)\s*$|(?:from|от|ад|von):[^\n]*@[^\n]*"
    r"|[^\n]{0,200}(?:wrote|пишет|написал|написала|піша|напісаў|напісала|писал|писала)\s*(?:\([^\n]{0,40}\))?:\s*$"
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}[^\n]{0,200}:\s*$|-- ?$)",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(r"^[ \t]{0,3}[>|][^\n]*$", re.MULTILINE)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+")
_MAX_SHOWN_CHARS = 160
_ANSWER = re.compile(r"^\s*(?:re|fwd?|aw|отв(?:ет)?|адказ|на)\s*:", re.IGNORECASE)


def asks_to_leave(subject: str, text: str) -> bool:
    """
    Tell whether a person's mail asks to be unsubscribed.

    Args:
        subject: its encoded-words read; of an answer ("Re: …") it is ours, and does not count.
        text: plain, with what it quotes.

    For example "Адпішыце мяне, калі ласка", "Отпишите меня", "Please unsubscribe me".
    """
    own = "" if _ANSWER.match(subject) else subject
    return any(_asks(said) for said in (own, written_by_hand(text)))


def asking_sentence(subject: str, text: str) -> str:
    """
    Return the sentence in which somebody asks to be unsubscribed; empty where *asks_to_leave* finds none.

    At most 160 characters. Whoever shows it masks the addresses in it.
    """
    own = "" if _ANSWER.match(subject) else subject
    for said in (written_by_hand(text), own):
        if _asks(said):
            sentences = _SENTENCE_ENDS.split(said)
            return next((each for each in sentences if _asks(each)), said).strip()[:_MAX_SHOWN_CHARS]
    return ""


def written_by_hand(text: str) -> str:
    """Return the beginning of *text* without what it quotes, in one line."""
    start = text[: _MAX_CHARS * 2].replace("\r\n", "\n")
    quote = _QUOTE_BEGINS.search(start)
    own = _QUOTED.sub("", start[: quote.start()] if quote else start)
    return " ".join(own.split())[:_MAX_CHARS].replace("’", "'")


def _asks(said: str) -> bool:
    return bool(_ASKING.search(_NOT_ASKING.sub(" ", said)))
