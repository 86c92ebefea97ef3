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
    r"\bадпішы(?:це)?\b|\bадпісаць (?:мяне|нас|гэты|мой|маю)|\bадпісацца\b"
    r"|\b(?:хачу|прашу|жадаю|можна)(?: мяне)? адпіса"
    r"|\b(?:выдаліце|выдаліць|прыбярыце|выключыце) (?:мяне|нас|мой|маю|наш|са спіс|з (?:рассыл|баз))"
    r"|\bбольш не (?:дасылайце|прысылайце|шліце|пішыце)"
    r"|\bне (?:дасылайце|прысылайце|шліце|пішыце) (?:мне|нам|больш)"
    r"|\bспыніце (?:рассыл|дасыл|прысыл)|\b(?:скасуйце|адмяніце) (?:маю )?падпіск"
    r"|\b(?:адмовіцца|адмаўляюся) ад (?:рассыл|падпіс|ваш)"
    # ru
    r"|\bотпиши(?:те)?\b|\bотписать (?:меня|нас|этот|мой|мою)|\bотписаться\b"
    r"|\b(?:хочу|прошу|желаю|можно)(?: меня)? отписа"
    r"|\b(?:удалите|исключите|уберите|вычеркните) (?:меня|нас|мой|мою|наш|этот (?:адрес|ящик))"
    r"|\b(?:удалите|исключите|уберите) из (?:\w+ )?(?:рассыл|спис|баз)"
    r"|\bбольше не (?:присылайте|шлите|пишите|беспокойте)|\bне (?:присылайте|шлите|пишите) (?:мне|нам|больше)"
    r"|\b(?:хватит|прекратите|перестаньте) (?:мне )?(?:рассыл|присыл|слать|спам)|\bстоп,? рассылк"
    r"|\bотмен(?:ите|ить) (?:мою |эту )?подписк|\bотказ(?:аться|ываюсь)? от (?:рассыл|подпис|ваш)"
    # en
    r"|\bun-?subscribe\b|\bopt(?: me| us)? out\b|\bcancel (?:my |this |the )?subscription\b"
    r"|\b(?:remove|take|delete) (?:me|us|my|our|this (?:e-?mail|address)|from (?:\w+ )?(?:mailing )?list)\b"
    r"|\bstop (?:e-?mailing|mailing|spamming|writing to)\b"
    r"|\bstop sending(?: (?:me|us|this|these|those|your|e-?mails?|mails?|messages|newsletters?)\b|\W*$)"
    r"|\b(?:do not|don't) (?:send|e-?mail|mail|write)(?: to)? (?:me|us)\b"
    r"|\b(?:no (?:more|longer)|don't want|do not want).{0,40}(?:newsletters?|e-?mails?|mailings?)\b"
    r"|^\W*(?:remove|stop)\W*$",
    re.IGNORECASE,
)
# "I can't unsubscribe" asks as well; "how many unsubscribed?" does not, nor does who asks to be kept or asks
# for somebody else, nor what a mail program writes under every mail.
_NOT_ASKING = re.compile(
    r"\b(?:do not|don't|never|не|ня) (?:unsubscribe|remove|delete|отпис|удал|исключ|адпіс|адпіш|выдал)"
    r"|\bunsubscribed\b|\bunsubscribe (?:rate|link|button|page)"
    r"|\bunsubscribe (?:my|his|her|their|our|a) (?!e-?mail|mail|address|account|name|subscription)\w"
    r"|\b(?:friend|colleague|mother|father|wife|husband|he|she|they) (?:of mine )?wants? to unsubscribe"
    r"|\b(?:отписать|адпісаць) (?:\w+ )?(?:дру[гз]|подруг|маму|мать|отца|мужа|жену|коллег)"
    r"|\bадпісаць (?:\w+ )?(?:сябр|калег|маці|бацьк)"
    r"|(?:^|[.!?|:] )to unsubscribe\b|\bunsubscribe\W{0,3}https?://",
    re.IGNORECASE,
)
# Where the mail that is answered begins. Programs speak the languages of where people live.
_QUOTE_BEGINS = re.compile(
    r"^(?:-{2,} ?(?:original|forwarded|исходное|пересылаемое|арыгінальн|зыходн)[^\n]*|_{10,}"
    r"|(?:begin forwarded message|начало (?:пере\w+) \w+|пачатак перасл\w+ \w+)[^\n]*"
    r"|(?:on|от|from|ад)\b[^\n]{0,200}(?:wrote|:)\s*$|(?:from|от|ад|von):[^\n]*@[^\n]*"
    r"|[^\n]{0,200}(?:wrote|пишет|написала?|піша|напісаў|напісала|писала?|schrieb|napisał|rašė)[^\n]{0,100}:\s*$"
    r"|[^\n]{0,200}<[^\n<>]{1,100}@[^\n<>]{1,100}>[^\n]{0,20}:\s*$"
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
    return " ".join(own.split())[:_MAX_CHARS]


def _asks(said: str) -> bool:
    return bool(_ASKING.search(_NOT_ASKING.sub(" ", said.replace("’", "'"))))
